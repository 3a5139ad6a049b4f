import { keyKind, lookedUpBy } from './keys.js';
import type { DuplicateFound } from './page.js';
import type { ExistingPolicy, MappedRecord, StoredRecord } from './types.js';
import type { WorkingWorld } from './world.js';

const MOST_LISTED = 10;

export type NewRecordDecision = { do: 'create' } | { do: 'skip' } | { do: 'tie'; to: StoredRecord };

/**
 * A new external id: is this somebody we know? Strong keys decide by policy, and only where exactly one record shares one;
 * several are never guessed at. Weak keys are listed for a person.
 */
export function decideNew(
  work: WorkingWorld,
  source: MappedRecord,
): { decision: NewRecordDecision; found: DuplicateFound | null } {
  const strong = candidates(lookedUpBy(source.keys, work.rules.policies.matching), (key) =>
    work.sharing(key),
  );
  if (strong.records.size > 0) {
    const decision = byPolicy(work, [...strong.records.values()]);
    const words = { create: 'created', skip: 'skipped', tie: 'tied' } as const;
    return { decision, found: found(source, strong, words[decision.do]) };
  }
  const weak = candidates(source.weakKeys, (key) =>
    work.sharingWeak(key).filter((record) => record.archivedAt === null),
  );
  const listed = weak.records.size > 0 ? found(source, weak, 'listed') : null;
  return { decision: { do: 'create' }, found: listed };
}

/** Two ids of one app are two things at that app, so another policy speaks when every candidate is this app's. */
function byPolicy(work: WorkingWorld, records: readonly StoredRecord[]): NewRecordDecision {
  const { policies } = work.rules;
  const sameApp = records.every((record) => work.isOfThisApp(record.recordId));
  const policy: ExistingPolicy = sameApp
    ? policies.sameApp
    : (policies.existing[work.context.object] ?? 'update');
  const [only, another] = records;
  switch (policy) {
    case 'create':
      return { do: 'create' };
    case 'skip':
      return { do: 'skip' };
    case 'update':
      return only === undefined || another !== undefined ? { do: 'skip' } : { do: 'tie', to: only };
  }
}

interface Candidates<R> {
  records: ReadonlyMap<string, R>;
  matchedOn: string[];
}

function candidates<R extends { recordId: string }>(
  keys: readonly string[],
  sharing: (key: string) => readonly R[],
): Candidates<R> {
  let some: { records: Map<string, R>; matchedOn: string[] } | null = null;
  for (const key of keys) {
    const records = sharing(key);
    if (records.length === 0) continue;
    some ??= { records: new Map(), matchedOn: [] };
    for (const record of records) some.records.set(record.recordId, record);
    const kind = keyKind(key);
    if (!some.matchedOn.includes(kind)) some.matchedOn.push(kind);
  }
  return some ?? { records: new Map<string, R>(), matchedOn: [] };
}

function found(
  source: MappedRecord,
  { records, matchedOn }: Candidates<unknown>,
  decision: DuplicateFound['decision'],
): DuplicateFound {
  return {
    externalId: source.externalId,
    candidates: [...records.keys()].slice(0, MOST_LISTED),
    ...(records.size > MOST_LISTED && { total: records.size }),
    matchedOn,
    decision,
    incoming: source.fields,
  };
}
