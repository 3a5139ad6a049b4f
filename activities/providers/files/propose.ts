import type { ObjectName } from '../../../workflows/contract/objects.js';
import type { FieldSource, ObjectMapping } from '../../records/types.js';
import { defaultVCardMapping } from '../formats/vcard-mapping.js';
import type { FileKind } from '../provider.js';
import { fold, idRank, ownName } from './header-names.js';
import type { ColumnProfile, Profile } from './profile.js';
import { proposeKey } from './propose-key.js';
import { proposeSource } from './propose-values.js';
import type { ProposedSource } from './propose-values.js';
import { LINE_SYNONYMS, REQUIRED, SYNONYMS } from './synonyms.js';
import type { Synonyms } from './synonyms.js';

export interface Proposal {
  mapping: ObjectMapping | null;
  /** A run may start with it and nobody asked. */
  clear: boolean;
  /** Reasons against it first; then what a person should know of it. */
  why: string[];
  warnings: { code: string; message: string }[];
}

/** Columns whose repeats decide about keys and groups. */
export function isKeyColumn(object: ObjectName, name: string): boolean {
  return idRank(object, name) > 0 || /e?mail/.test(fold(name));
}

/** The column by which rows would be lines of one record; only invoices have lines. */
export function groupColumn(object: ObjectName, columns: readonly string[]): string | undefined {
  if (object !== 'invoices') return undefined;
  return [...columns]
    .sort((a, b) => idRank(object, b) - idRank(object, a))
    .find((name) => idRank(object, name) > 1);
}

/**
 * Proposes a mapping from headers and what the values look like. It is clear when the required field has exactly one column that
 * can be meant, the key needs no word, and what is mapped can be read as it stands. Pure.
 *
 * Money whose currency nobody says is never given one: products go without the price (a warning; it is kept under `extra`), deals
 * and invoices, which are about money, wait for a person.
 */
export function proposeMapping(from: {
  object: ObjectName;
  kind: FileKind;
  profile: Profile;
  locale: string | null;
}): Proposal {
  if (from.kind === 'vcard') return proposeForCards(from.object);
  const { object, locale } = from;
  const profile = withoutObjects(from.profile);
  const draft: Draft = { fields: {}, reasons: [], warnings: [], taken: new Set() };
  for (const [target, synonyms] of Object.entries(SYNONYMS[object])) {
    const found = candidates(object, synonyms, profile.columns, draft.taken);
    const column = found[0];
    if (!column) continue;
    if (target === REQUIRED[object] && found.length > 1) draft.reasons.push(several(target, found));
    place(draft, object, target, column.name, proposeSource(column, synonyms, profile.columns, locale));
  }
  if (!hasRequired(object, draft.fields)) draft.reasons.push(noRequired(object, profile));
  const key = proposeKey(object, profile, pathOf(draft.fields['email']));
  if (key.unclear) draft.reasons.push(key.unclear);
  if (key.warning) draft.warnings.push(key.warning);
  const lines = key.group ? proposeLines(draft, profile, locale) : undefined;
  const mapping: ObjectMapping = {
    key: key.key,
    ...(key.group && { group: true }),
    fields: draft.fields,
    ...(lines && { lines }),
  };
  const why = [...draft.reasons, ...draft.warnings.map(({ message }) => message)];
  return { mapping, clear: draft.reasons.length === 0, why, warnings: draft.warnings };
}

/** A column that holds objects (NDJSON) is no value of a field; what lies in them has columns of its own. */
function withoutObjects(profile: Profile): Profile {
  const names = profile.columns.map(({ name }) => name);
  const columns = profile.columns.filter(({ name }) => !names.some((other) => other.startsWith(`${name}.`)));
  return { ...profile, columns };
}

interface Draft {
  fields: Record<string, FieldSource>;
  reasons: string[];
  warnings: { code: string; message: string }[];
  taken: Set<string>;
}

/** Columns of the best tier that any column is in. */
function candidates(
  object: ObjectName,
  { tiers }: Synonyms,
  columns: readonly ColumnProfile[],
  taken: ReadonlySet<string>,
): ColumnProfile[] {
  for (const tier of tiers) {
    const found = columns.filter(
      ({ name }) => !taken.has(name) && tier.includes(fold(ownName(object, name))),
    );
    // Within a tier, the order of its names; empty columns are nobody's choice while there are others.
    const filled = found.filter((column) => column.filled > 0);
    const best = filled.length > 0 ? filled : found;
    if (best.length > 0) return [...best].sort((a, b) => rank(tier, object, a) - rank(tier, object, b));
  }
  return [];
}

function rank(tier: readonly string[], object: ObjectName, { name }: ColumnProfile): number {
  return tier.indexOf(fold(ownName(object, name)));
}

const ABOUT_MONEY: readonly ObjectName[] = ['deals', 'invoices'];

function place(
  draft: Draft,
  object: ObjectName,
  target: string,
  column: string,
  proposed: ProposedSource,
): void {
  draft.taken.add(column);
  const { source, unclear, noCurrency } = proposed;
  if (noCurrency && !ABOUT_MONEY.includes(object)) {
    const message = `The column "${column}" holds money without a currency, so ${target} is left out (the values are kept under extra). Map it with a currency to fill it.`;
    draft.warnings.push({ code: 'currency_unknown', message });
    return;
  }
  if (noCurrency) {
    draft.reasons.push(
      `The column "${column}" (${target}) holds money without a currency. Say it in the mapping: "currency": "EUR", or the name of a column that has it.`,
    );
  }
  if (unclear) draft.reasons.push(unclear);
  draft.fields[target] = source;
}

function several(target: string, found: ColumnProfile[]): string {
  const names = found.map(({ name }) => `"${name}"`).join(', ');
  return `Several columns can be the ${target}: ${names}. Map one of them.`;
}

function hasRequired(object: ObjectName, fields: Record<string, FieldSource>): boolean {
  if (fields[REQUIRED[object]] !== undefined) return true;
  return object === 'contacts' && (fields['firstName'] !== undefined || fields['lastName'] !== undefined);
}

function noRequired(object: ObjectName, { columns }: Profile): string {
  const names = columns.slice(0, 30).map(({ name }) => name);
  return `No column is named like the ${REQUIRED[object]} of ${object}, which is required. Map it. The columns are: ${names.join(', ')}.`;
}

function pathOf(source: FieldSource | undefined): string | undefined {
  return typeof source === 'string' ? source : source?.path;
}

/**
 * The rows of a group are its lines. A total that differs from row to row is the lines' amounts, so it is added up; one that stands
 * the same on every row is the invoice's own.
 */
function proposeLines(draft: Draft, profile: Profile, locale: string | null): Record<string, FieldSource> {
  const lines: Record<string, FieldSource> = {};
  const total = draft.fields['total'];
  const totalColumn = profile.columns.find(({ name }) => name === pathOf(total));
  const ownTaken = new Set(
    [...draft.taken].filter((name) => name !== totalColumn?.name || !totalColumn.varies),
  );
  for (const [target, synonyms] of Object.entries(LINE_SYNONYMS)) {
    const column = candidates('products', synonyms, profile.columns, ownTaken)[0];
    if (!column) continue;
    ownTaken.add(column.name);
    const { source, unclear, noCurrency } = proposeSource(column, synonyms, profile.columns, locale);
    if (noCurrency && column.name !== totalColumn?.name) {
      draft.reasons.push(
        `The column "${column.name}" (lines.${target}) holds money without a currency. Say it in the mapping.`,
      );
    }
    if (unclear && column.name !== totalColumn?.name) draft.reasons.push(unclear);
    lines[target] = source;
  }
  if (totalColumn?.varies && typeof total === 'object') draft.fields['total'] = { ...total, sum: true };
  return lines;
}

function proposeForCards(object: ObjectName): Proposal {
  if (object === 'contacts') return { mapping: defaultVCardMapping, clear: true, why: [], warnings: [] };
  const why = `A file of vCards holds contacts. Upload it as contacts, or map its fields to ${object} yourself.`;
  const mapping: ObjectMapping | null =
    object === 'accounts'
      ? { key: ['organization'], fields: { name: 'organization', phone: 'phone' } }
      : null;
  return { mapping, clear: false, why: [why], warnings: [] };
}
