import type { RunRef } from '../../../workflows/contract/ids.js';
import type { ObjectName } from '../../../workflows/contract/objects.js';
import type { Lookups } from '../../records/page.js';
import type { StoredLink, StoredRecord } from '../../records/types.js';
import type { PlanCommit, PlannedSoFar, PlannedState, PlannedTarget } from '../planning.js';
import type { ApplyStored, Database, PlanIndexStored } from './collections.js';
import { MOST_PER_KEY } from './crowds.js';
import { prefixOf } from './ids.js';
import { MOST_STATES, printsOf, type Sieve } from './plan-sieve.js';
import { asBinary, blockKey, type Sieves } from './plan-sieves.js';
import { packState, unpackState } from './plan-states.js';
import { APPLY, sideKey } from './transfer-codec.js';

/** States that lie in one document: few documents are written, and little is read that was not asked for. */
const BLOCK = 16;

export function planPrefix(ref: Pick<RunRef, 'workspaceId' | 'runId'>): string {
  return prefixOf(ref.workspaceId, ref.runId);
}

/** What a page of a plan keeps for those after it. */
export interface KeptStates {
  blocks: PlanIndexStored[];
  prints: Uint32Array;
}

export function encodeStates({ ref, object, seq, decided }: PlanCommit): KeptStates {
  const writes = new Map(decided.records.map((write) => [write.record.recordId, write]));
  const last = new Map<string, StoredLink>();
  for (const link of decided.links) last.set(link.externalId, link);
  const links = [...last.values()];
  if (links.length > MOST_STATES) throw new Error(`Page ${seq} of ${object} is too large to be planned.`);
  const texts: string[][] = [];
  const states = links.map((link): PlannedState => {
    const write = writes.get(link.recordId);
    const record = write?.record ?? null;
    const terms = [idText(link.externalId), ...(record ? keyTexts(record) : [])];
    // What is made by this very source record is found by that; whatever else touches a record is found by the record.
    if (write?.expectedVersion !== null) terms.push(recordText(link.recordId));
    texts.push(terms);
    return { link, record, version: record?.version ?? 0 };
  });
  const prints = printsOf(texts);
  const blocks: PlanIndexStored[] = [];
  for (let from = 0; from === 0 || from < states.length; from += BLOCK) {
    const block = encodeBlock(states.slice(from, from + BLOCK));
    const _id = blockKey(ref, object, seq, blocks.length);
    blocks.push({ _id, ...(from === 0 && { prints: asBinary(prints) }), ...block });
  }
  return { blocks, prints };
}

function encodeBlock(states: readonly PlannedState[]): Omit<PlanIndexStored, '_id'> {
  const [first = null] = states;
  const gone = states.flatMap(({ link }, at) => (link.goneAt === null ? [] : [at]));
  return {
    ids: states.map(({ link }) => link.externalId),
    records: states.map(({ link }) => link.recordId),
    ...(gone.length > 0 && { gone }),
    states: states.map((state) => packState(state, state === first ? null : first)),
  };
}

export async function readStates(
  database: Database,
  sieves: Sieves,
  at: { ref: RunRef; object: ObjectName; soFar: PlannedSoFar },
  lookups: Pick<Lookups, 'externalIds' | 'keys' | 'weakKeys'>,
): Promise<PlannedState[]> {
  const sieve = await sieves.of(at.ref, at.object, at.soFar);
  const places = new Set<number>();
  for (const id of lookups.externalIds) addTo(places, sieve.places(idText(id), 1));
  for (const text of keyTexts(lookups)) addTo(places, sieve.places(text, MOST_PER_KEY));
  return statesAt(database, at, sieve, places);
}

export async function readStatesOfRecords(
  database: Database,
  sieves: Sieves,
  at: { ref: RunRef; object: ObjectName; soFar: PlannedSoFar },
  recordIds: readonly string[],
): Promise<PlannedState[]> {
  if (recordIds.length === 0) return [];
  const sieve = await sieves.of(at.ref, at.object, at.soFar);
  const places = new Set<number>();
  for (const recordId of recordIds) addTo(places, sieve.places(recordText(recordId), MOST_PER_KEY));
  return statesAt(database, at, sieve, places);
}

/** A source record that was planned again later is as its last page left it. */
async function statesAt(
  database: Database,
  at: { ref: RunRef; object: ObjectName },
  sieve: Sieve,
  places: ReadonlySet<number>,
): Promise<PlannedState[]> {
  if (places.size === 0) return [];
  const blocks = await readBlocks(database, at, places, { ids: 1, states: 1 });
  return [...places].flatMap((place): PlannedState[] => {
    const { block, index } = placeOf(place);
    const { ids, states } = blocks.get(blockOf(at, block)) ?? NOTHING;
    const [externalId, text, first] = [ids[index], states[index], states[0]];
    if (externalId === undefined || text === undefined || first === undefined) return [];
    if (sieve.places(idText(externalId), 1)[0] !== place) return [];
    return [unpackState(text, index === 0 ? null : unpackState(first, null))];
  });
}

export async function readTargets(
  database: Database,
  sieves: Sieves,
  ref: RunRef,
  targets: Lookups['targets'],
): Promise<PlannedTarget[]> {
  const objects = [...new Set(targets.map(({ object }) => object))];
  if (objects.length === 0) return [];
  const soFar = await plannedSoFar(database, ref, objects);
  const found = await Promise.all(
    objects.map(async (object) => {
      const stands = soFar.get(object);
      if (!stands || stands.pages === 0) return [];
      const sieve = await sieves.of(ref, object, stands);
      const ids = targets.filter((each) => each.object === object).map(({ externalId }) => externalId);
      return targetsAt(database, { ref, object }, sieve, ids);
    }),
  );
  return found.flat();
}

async function targetsAt(
  database: Database,
  at: { ref: RunRef; object: ObjectName },
  sieve: Sieve,
  externalIds: readonly string[],
): Promise<PlannedTarget[]> {
  const places = new Map<number, string>();
  for (const externalId of externalIds) {
    for (const place of sieve.places(idText(externalId), 1)) places.set(place, externalId);
  }
  if (places.size === 0) return [];
  const blocks = await readBlocks(database, at, places.keys(), { ids: 1, records: 1, gone: 1 });
  return [...places].flatMap(([place, externalId]): PlannedTarget[] => {
    const { block, index } = placeOf(place);
    const { ids, records, gone } = blocks.get(blockOf(at, block)) ?? NOTHING;
    const recordId = records[index];
    if (recordId === undefined || ids[index] !== externalId) return [];
    return [{ object: at.object, externalId, recordId, gone: gone?.includes(index) === true }];
  });
}

/** Where the plan of each object stands. */
async function plannedSoFar(
  database: Database,
  ref: RunRef,
  objects: readonly ObjectName[],
): Promise<Map<ObjectName, PlannedSoFar>> {
  const keys = new Map(objects.map((object) => [sideKey(ref, object, APPLY), object]));
  const sides = await database
    .collection('transfers')
    .find({ _id: { $in: [...keys.keys()] } })
    .project<Pick<ApplyStored, '_id' | 'plan'>>({ plan: 1 })
    .toArray();
  return new Map(
    sides.flatMap(({ _id, plan }) => {
      const object = keys.get(_id);
      return object && plan ? [[object, { round: plan.round ?? 0, pages: plan.position }] as const] : [];
    }),
  );
}

type Block = Pick<PlanIndexStored, 'ids' | 'records' | 'gone' | 'states'>;
const NOTHING: Block = { ids: [], records: [], states: [] };

async function readBlocks(
  database: Database,
  at: { ref: RunRef; object: ObjectName },
  places: Iterable<number>,
  projection: { [field in keyof Block]?: 1 },
): Promise<Map<string, Block>> {
  const keys = new Set<string>();
  for (const place of places) keys.add(blockOf(at, placeOf(place).block));
  const found = await database
    .collection('planIndex')
    .find({ _id: { $in: [...keys] } }, { batchSize: keys.size + 1 })
    .project<Partial<Block> & { _id: string }>(projection)
    .toArray();
  return new Map(found.map(({ _id, ...block }) => [_id, { ...NOTHING, ...block }]));
}

interface Place {
  block: { seq: number; number: number };
  index: number;
}

function placeOf(place: number): Place {
  const inPage = place % MOST_STATES;
  const seq = Math.floor(place / MOST_STATES);
  return { block: { seq, number: Math.floor(inPage / BLOCK) }, index: inPage % BLOCK };
}

function blockOf({ ref, object }: { ref: RunRef; object: ObjectName }, block: Place['block']): string {
  return blockKey(ref, object, block.seq, block.number);
}

function addTo(places: Set<number>, found: readonly number[]): void {
  for (const place of found) places.add(place);
}

function idText(externalId: string): string {
  return `i${externalId}`;
}

function recordText(recordId: string): string {
  return `r${recordId}`;
}

function keyTexts({ keys, weakKeys }: Pick<StoredRecord, 'keys' | 'weakKeys'>): string[] {
  return [...keys.map((key) => `k${key}`), ...weakKeys.map((key) => `w${key}`)];
}
