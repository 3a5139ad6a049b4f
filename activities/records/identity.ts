import { sourceText } from './field-text.js';
import { foldText } from './fold.js';
import { identityOf } from './objects.js';
import type { FieldValue, MappedRecord, StoredLink } from './types.js';
import type { WorkingWorld } from './world.js';

const SAMPLES = 5;

/**
 * Evidence for `key_reused`: is the thing behind a known id still the same? It is another one when everything that tells
 * who it is changed at once, compared with what the source itself said before (a person's edits are no evidence).
 */
export function observeIdentity(
  { page, context }: WorkingWorld,
  source: MappedRecord,
  { applied }: StoredLink,
  mayHaveChanged: boolean,
): void {
  const { identity } = page;
  identity.known += 1;
  if (!mayHaveChanged) return;
  const fields = identityOf(context.object);
  let told = 0;
  for (const field of fields) {
    const before = applied[field];
    const after = source.fields[field];
    if (before === undefined || after === undefined || (before === null && after === null)) continue;
    if (words(before) === words(after)) return;
    told += 1;
  }
  if (told === 0) return;
  identity.changed += 1;
  if (identity.samples.length === SAMPLES) return;
  identity.samples.push({
    externalId: source.externalId,
    before: shown(fields, applied),
    after: shown(fields, source.fields),
  });
}

/** Another case, accent or spacing is no other name. */
function words(value: FieldValue | null): string {
  return value === null ? '' : foldText(sourceText(value));
}

function shown(fields: readonly string[], values: Readonly<Record<string, FieldValue | null>>): string {
  return fields
    .map((field) => values[field])
    .filter((value) => value !== null && value !== undefined)
    .map(sourceText)
    .join(', ');
}
