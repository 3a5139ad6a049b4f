import type { RunRef } from '../../../workflows/contract/ids.js';
import type { ObjectName } from '../../../workflows/contract/objects.js';
import type { Lookups } from '../../records/page.js';
import type { StoredLink, StoredRecord } from '../../records/types.js';
import type { PlanCommit, PlannedState, PlannedTarget } from '../planning.js';
import type { Database, PlanIndexStored } from './collections.js';
import { insertAll, upsertAll } from './commands.js';
import type { Crowds } from './crowds.js';
import { partsOf, prefixOf } from './ids.js';
import { fromField, toField } from './json.js';
import { listOf } from './terms.js';
import type { Tx } from './transaction.js';

type State = Omit<PlannedState, 'version'>;

export function planPrefix(ref: Pick<RunRef, 'workspaceId' | 'runId'>): string {
  return prefixOf(ref.workspaceId, ref.runId);
}

function stateKey(ref: RunRef, object: ObjectName, externalId: string): string {
  return prefixOf(ref.workspaceId, ref.runId, object) + externalId;
}

export function encodeStates({ ref, object, decided }: PlanCommit): PlanIndexStored[] {
  const prefix = planPrefix(ref);
  const writes = new Map(decided.records.map((write) => [write.record.recordId, write]));
  const last = new Map<string, StoredLink>();
  for (const link of decided.links) last.set(link.externalId, link);
  return [...last.values()].map((link) => {
    const write = writes.get(link.recordId);
    const record = write?.record ?? null;
    const terms = record ? keyTerms(prefix, object, record) : [];
    // What is made by this very source record is found by that; whatever else touches a record is found by the record.
    if (write?.expectedVersion !== null) terms.push(recordTerm(prefix, link.recordId));
    const doc: PlanIndexStored = {
      _id: stateKey(ref, object, link.externalId),
      record: link.recordId,
      version: record?.version ?? 0,
      state: toField({ link, record } satisfies State),
    };
    if (link.goneAt !== null) doc.gone = true;
    const [only] = terms;
    if (only !== undefined) doc.terms = terms.length === 1 ? only : terms;
    return doc;
  });
}

export async function writeStates(
  tx: Tx,
  commit: PlanCommit,
  states: readonly PlanIndexStored[],
): Promise<void> {
  const known = new Set([...commit.known].map((id) => stateKey(commit.ref, commit.object, id)));
  await insertAll(
    tx,
    'planIndex',
    states.filter(({ _id }) => !known.has(_id)),
  );
  const again = states.filter(({ _id }) => known.has(_id));
  if (again.length > 0)
    await upsertAll(
      tx,
      'planIndex',
      again.map((each) => ({ q: { _id: each._id }, u: each })),
    );
}

export async function readStates(
  database: Database,
  crowds: Crowds,
  ref: RunRef,
  object: ObjectName,
  lookups: Pick<Lookups, 'externalIds' | 'keys' | 'weakKeys'>,
): Promise<PlannedState[]> {
  const prefix = planPrefix(ref);
  const terms = keyTerms(prefix, object, lookups);
  const keys = lookups.externalIds.map((externalId) => stateKey(ref, object, externalId));
  const [byId, byTerm] = await Promise.all([byIds(database, keys), byTerms(database, crowds, terms)]);
  return decoded([...byId, ...byTerm]);
}

export async function readStatesOfRecords(
  database: Database,
  crowds: Crowds,
  ref: RunRef,
  recordIds: readonly string[],
): Promise<PlannedState[]> {
  const prefix = planPrefix(ref);
  const terms = [...new Set(recordIds)].map((recordId) => recordTerm(prefix, recordId));
  return decoded(await byTerms(database, crowds, terms));
}

export async function readTargets(
  database: Database,
  ref: RunRef,
  targets: Lookups['targets'],
): Promise<PlannedTarget[]> {
  if (targets.length === 0) return [];
  const keys = targets.map(({ object, externalId }) => stateKey(ref, object, externalId));
  const found = await database
    .collection('planIndex')
    .find<Omit<PlanIndexStored, 'state'>>(
      { _id: { $in: keys } },
      { projection: { record: 1, gone: 1 }, batchSize: keys.length + 1 },
    )
    .toArray();
  return found.map(({ _id, record, gone }) => {
    const [, , object = '', externalId = ''] = partsOf(_id, 4);
    return { object: object as ObjectName, externalId, recordId: record, gone: gone === true };
  });
}

async function byIds(database: Database, keys: readonly string[]): Promise<PlanIndexStored[]> {
  if (keys.length === 0) return [];
  return database
    .collection('planIndex')
    .find({ _id: { $in: [...keys] } }, { batchSize: keys.length + 1 })
    .toArray();
}

async function byTerms(
  database: Database,
  crowds: Crowds,
  terms: readonly string[],
): Promise<PlanIndexStored[]> {
  if (terms.length === 0) return [];
  return crowds.ofEachTerm(
    terms,
    (doc) => listOf(doc.terms),
    (some, limit) =>
      database
        .collection('planIndex')
        .find({ terms: { $in: [...some] } }, { limit, batchSize: limit + 1 })
        .toArray(),
  );
}

function decoded(docs: readonly PlanIndexStored[]): PlannedState[] {
  const unique = new Map(docs.map((doc) => [doc._id, doc]));
  return [...unique.values()].map(({ version, state }) => ({ ...(fromField(state) as State), version }));
}

function recordTerm(prefix: string, recordId: string): string {
  return `${prefix}r/${recordId}`;
}

function keyTerms(
  prefix: string,
  object: ObjectName,
  { keys, weakKeys }: Pick<StoredRecord, 'keys' | 'weakKeys'>,
): string[] {
  return [
    ...keys.map((key) => `${prefix}k${object}/${key}`),
    ...weakKeys.map((key) => `${prefix}w${object}/${key}`),
  ];
}
