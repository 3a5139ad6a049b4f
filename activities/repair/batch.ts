import type { RunRef } from '../../workflows/contract/ids.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { ActivityDeps } from '../deps.js';
import { keepOrPass } from '../keep-turn.js';
import { regain } from '../regain.js';
import { decidePage } from '../records/decide.js';
import { lookupsOf } from '../records/lookups.js';
import type { PageNotes } from '../records/outcome-marks.js';
import type { DecidedPage, Lookups, PageContext, World } from '../records/page.js';
import { writesWhatIsLookedUp } from '../records/plan-overlap.js';
import { movesOf, type RepairMoves } from '../records/repair.js';
import type { Rules } from '../records/types.js';
import type { ApplySide } from '../store/run-documents.js';
import type { ApplyCommit, TurnHeld } from '../store/moving.js';
import type { PageState, RepairPart } from '../store/repair-part.js';
import type { DecisionDoc } from '../store/repairing.js';
import type { Store } from '../store/store.js';
import { loadWorld } from '../transfer/load-world.js';
import type { Batch } from './pick.js';

const MOST_REDOS = 50;

export interface Repairing {
  ref: RunRef;
  repairId: string;
  object: ObjectName;
  origin: string;
  rules: Rules;
  idsMayRepeat: boolean;
  /** Its position moves with every page that is applied. */
  side: ApplySide;
  decisions: ReadonlyMap<string, DecisionDoc>;
  signal: AbortSignal;
}

/** By whom the object's turn is held. */
export function holderOf({ ref, side }: Pick<Repairing, 'ref' | 'side'>): string {
  return `repair/${ref.runId}/${side.epoch}`;
}

/** What one batch leaves to the next. */
export interface Repaired {
  /** Null: it was passed on, or lost. */
  turn: TurnHeld | null;
  /** What the store holds for the next batch; null: that is still to be read. */
  world: World | null;
}

/**
 * Decides one batch of kept source again and applies it as a page of its own, in one transaction. While it is on its way to the store,
 * the batch after it (`next`) is picked and what the store holds for that one is read.
 */
export async function repairBatch(
  deps: ActivityDeps,
  job: Repairing,
  batch: Batch,
  at: { turn: TurnHeld; world: World | null; next: () => Promise<Batch | null> },
): Promise<Repaired> {
  const { store } = deps;
  const { mapped } = batch;
  const again = new Set(
    batch.picked.filter(({ before }) => 'cun'.includes(before)).map((one) => one.externalId),
  );
  const known = new Set(batch.states.flatMap(({ duplicates }) => duplicates));
  let { turn, world } = at;
  for (let redo = 0; redo < MOST_REDOS; redo += 1) {
    const now = deps.now().toISOString();
    world ??= await worldOf(store, job, lookupsFor(job, batch));
    const decided = decidePage(mapped, world, job.rules, contextOf(deps, job, { now, again }));
    const moves = movesOf(batch.picked, decided, job.side.position, known);
    const applying = store.pages.apply(commitOf(job, batch, { turn, now, decided, moves }));
    const reading = worldAhead(store, job, decided, at.next);
    const result = await applying;
    const ahead = await reading;
    if (result !== 'conflict') {
      job.side.position += 1;
      const kept = await keepOrPass(store, turn);
      // What was read ahead holds only if nobody else wrote under the turn since: as if it were read after this batch.
      const holds = result === 'applied' && kept?.counter === turn.counter + 1;
      return { turn: kept, world: holds ? ahead : null };
    }
    world = null;
    turn = await regain(store, turn, job.signal);
  }
  throw new Error(`Kept source of ${job.object} could not be applied: what it touches kept changing.`);
}

/**
 * For the next batch, while this one is written: null where this one writes something of it. What others write is caught as ever, by
 * the versions that the transaction compares, and by the turn. Never rejects: what could not be read is read again when it is needed.
 */
async function worldAhead(
  store: Store,
  job: Repairing,
  decided: DecidedPage,
  next: () => Promise<Batch | null>,
): Promise<World | null> {
  try {
    const batch = await next();
    if (!batch || batch.picked.length === 0 || job.signal.aborted) return null;
    const lookups = lookupsFor(job, batch);
    const world = await worldOf(store, job, lookups);
    return writesWhatIsLookedUp(decided, job.object, lookups, world) ? null : world;
  } catch {
    return null;
  }
}

function lookupsFor({ object, rules }: Repairing, { mapped }: Batch): Lookups {
  return lookupsOf(mapped, object, rules.policies.matching);
}

async function worldOf(store: Store, job: Repairing, lookups: Lookups): Promise<World> {
  const { ref, object, origin, decisions } = job;
  const loaded = await loadWorld(store, { workspaceId: ref.workspaceId, origin, object }, lookups);
  return withDecided(store, ref, loaded, decisions);
}

function contextOf(
  { newId }: ActivityDeps,
  { ref, origin, object, idsMayRepeat, decisions }: Repairing,
  { now, again }: { now: string; again: ReadonlySet<string> },
): PageContext {
  return { ...ref, origin, object, now, newId, idsMayRepeat, repair: { again, decisions } };
}

function commitOf(
  job: Repairing,
  batch: Batch,
  { turn, now, decided, moves }: { turn: TurnHeld; now: string; decided: DecidedPage; moves: RepairMoves },
): ApplyCommit {
  const { ref, object, origin, side } = job;
  return {
    ...{ ref, object, seq: side.position, origin, epoch: side.epoch, turn, settled: [], rows: 0, now },
    pageOrigin: 'repair',
    decided: { ...decided, problems: moves.problems, duplicates: moves.duplicates },
    repair: partOf(job, batch, moves),
  };
}

/** A person may have named a record that shares no key with the source. */
async function withDecided(
  store: Store,
  ref: RunRef,
  world: World,
  decisions: Repairing['decisions'],
): Promise<World> {
  const named = [...decisions.values()].flatMap(({ recordId }) => recordId ?? []);
  const missing = named.filter((recordId) => !world.records.has(recordId));
  if (missing.length === 0) return world;
  const found = await store.records.byIds(ref.workspaceId, missing);
  return {
    ...world,
    records: new Map([...world.records, ...found.map((each) => [each.recordId, each] as const)]),
  };
}

function partOf({ object, repairId, decisions }: Repairing, batch: Batch, moves: RepairMoves): RepairPart {
  const { moved, settled, replaced, uncounted, numbers } = moves;
  return {
    ...{ repairId, moved, settled, replaced, uncounted, numbers },
    externalIds: batch.picked.map(({ externalId }) => externalId),
    states: statesAfter(batch.states, moves),
    next: { object, seq: batch.next ?? Number.MAX_SAFE_INTEGER },
    decided: moves.records
      .filter(({ picked, after }) => after !== 'f' && decisions.has(picked.externalId))
      .map(({ picked }) => picked.externalId),
  };
}

function statesAfter(states: readonly PageState[], { records }: RepairMoves): RepairPart['states'] {
  return states.map(({ seq, marks, notes }) => {
    const letters = Array.from(marks);
    const said = new Map(notes.map(([index, failed, counted]) => [index, { failed, counted }]));
    for (const { picked, after, notes: now } of records) {
      if (picked.seq !== seq) continue;
      letters[picked.index] = after;
      said.set(picked.index, now);
    }
    return { seq, marks: letters.join(''), notes: asNotes(said) };
  });
}

export function asNotes(
  said: ReadonlyMap<number, { failed: PageNotes[number][1]; counted: PageNotes[number][2] }>,
): PageNotes {
  return [...said].flatMap(([index, { failed, counted }]): PageNotes =>
    failed.length + counted.length > 0 ? [[index, failed, counted]] : [],
  );
}
