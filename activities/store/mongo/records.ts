import type { Records } from '../kept.js';
import type { TurnHeld } from '../moving.js';
import type { StoredRecord } from '../../records/types.js';
import type { Lookalike, RecordWrite, ReferenceBump } from '../../records/page.js';
import type { Database } from './collections.js';
import { insertAll } from './commands.js';
import { Conflict, isDuplicateKey } from './errors.js';
import { changeRecords, planRecords, raiseTurn } from './page-writes.js';
import { createCrowds, MOST_PER_KEY, type Crowds } from './crowds.js';
import {
  decodeLookalike,
  decodeRecord,
  LOOKALIKE,
  recordKey,
  type LookalikeStored,
  type RecordStored,
} from './record-codec.js';
import { listRecords } from './record-lists.js';
import { keyTerm, listOf, targetsOf, targetTerm, type KeyStrength } from './terms.js';
import { transact } from './transaction.js';

export function createRecords(database: Database): Records {
  const records = database.collection('records');
  const crowds = createCrowds();
  return {
    async byIds(workspaceId, recordIds) {
      if (recordIds.length === 0) return [];
      const keys = [...new Set(recordIds)].map((recordId) => recordKey(workspaceId, recordId));
      return (
        await records
          .find({ _id: { $in: keys } })
          .batchSize(keys.length + 1)
          .toArray()
      ).map(decodeRecord);
    },
    async versions(workspaceId, recordIds) {
      if (recordIds.length === 0) return new Map();
      const keys = recordIds.map((recordId) => recordKey(workspaceId, recordId));
      const found = await records
        .find({ _id: { $in: keys } }, { projection: { version: 1 }, batchSize: keys.length + 1 })
        .toArray();
      return new Map(found.map(({ _id, version }) => [_id.slice(_id.indexOf('/') + 1), version]));
    },
    byKeys: (workspaceId, object, keys) => byKeys(database, crowds, termsFor(workspaceId, object, 'k', keys)),
    byWeakKeys: (workspaceId, object, keys) =>
      byWeakKeys(database, crowds, termsFor(workspaceId, object, 'w', keys)),
    async referrers(workspaceId, targetIds) {
      const terms = new Map(targetIds.map((targetId) => [targetTerm(workspaceId, targetId), targetId]));
      const found = new Map<string, StoredRecord[]>();
      if (terms.size === 0) return found;
      for await (const doc of records.find({ terms: { $in: [...terms.keys()] } })) {
        const record = decodeRecord(doc);
        for (const term of listOf(doc.terms)) {
          const target = terms.get(term);
          if (target !== undefined) found.set(target, [...(found.get(target) ?? []), record]);
        }
      }
      return found;
    },
    list: (workspaceId, filter, query) => listRecords(database, workspaceId, filter, query),
    insert: (record, turn) => {
      // Nobody else could say what a new record refers to, so its targets are bumped from what it holds.
      const bumps = targetsOf(record).map((recordId) => ({ recordId, by: 1 }));
      return write(database, { record, expectedVersion: null }, bumps, turn);
    },
    replace: (record, expectedVersion, bumps) => write(database, { record, expectedVersion }, bumps, null),
  };
}

/** A person's write, in one transaction with the bumps of what it refers to. */
async function write(
  database: Database,
  change: RecordWrite,
  bumps: readonly ReferenceBump[],
  turn: TurnHeld | null,
): Promise<'written' | 'conflict'> {
  const plan = planRecords(change.record.workspaceId, [change], bumps);
  try {
    await transact(database, async (tx) => {
      if (turn) await raiseTurn(tx, turn);
      await insertAll(tx, 'records', plan.inserts);
      await changeRecords(tx, plan);
    });
    return 'written';
  } catch (error) {
    if (error instanceof Conflict || isDuplicateKey(error)) return 'conflict';
    throw error;
  }
}

function termsFor(
  workspaceId: string,
  object: string,
  strength: KeyStrength,
  keys: readonly string[],
): string[] {
  return [...new Set(keys)].map((key) => keyTerm(workspaceId, object, strength, key));
}

/** `first`: also among the records whose first key it is. */
async function byKeys(database: Database, crowds: Crowds, terms: readonly string[]): Promise<StoredRecord[]> {
  if (terms.length === 0) return [];
  const records = database.collection('records');
  const found = await Promise.all(
    (['terms', 'key'] as const).map((field) =>
      crowds.ofEachTerm(terms, termsIn, (some, limit) =>
        records.find({ [field]: among(some) }, { limit, batchSize: limit + 1 }).toArray(),
      ),
    ),
  );
  return atMostPerTerm(uniqueById(found.flat()), new Set(terms)).map(decodeRecord);
}

async function byWeakKeys(
  database: Database,
  crowds: Crowds,
  terms: readonly string[],
): Promise<Lookalike[]> {
  if (terms.length === 0) return [];
  const records = database.collection('records');
  const found = await crowds.ofEachTerm(terms, termsIn, (some, limit) =>
    records
      .find<LookalikeStored>({ terms: among(some) }, { projection: LOOKALIKE, limit, batchSize: limit + 1 })
      .toArray(),
  );
  return atMostPerTerm(uniqueById(found), new Set(terms)).map(decodeLookalike);
}

/** One value is asked for as such: that needs no list on any server. */
function among([first = '', ...more]: readonly string[]): string | { $in: string[] } {
  return more.length === 0 ? first : { $in: [first, ...more] };
}

function termsIn({ key, terms }: Pick<RecordStored, 'key' | 'terms'>): readonly string[] {
  return key === undefined ? listOf(terms) : [key, ...listOf(terms)];
}

function uniqueById<D extends { _id: string }>(docs: readonly D[]): D[] {
  return [...new Map(docs.map((doc) => [doc._id, doc])).values()];
}

function atMostPerTerm<D extends Pick<RecordStored, 'key' | 'terms'>>(
  found: readonly D[],
  terms: ReadonlySet<string>,
): D[] {
  const shown = new Map<string, number>();
  return found.filter((doc) => {
    const shared = termsIn(doc).filter((term) => terms.has(term));
    const wanted = shared.some((term) => (shown.get(term) ?? 0) < MOST_PER_KEY);
    if (wanted) for (const term of shared) shown.set(term, (shown.get(term) ?? 0) + 1);
    return wanted;
  });
}
