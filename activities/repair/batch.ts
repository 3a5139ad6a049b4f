import type { RunRef } from '../../workflows/contract/ids.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { ActivityDeps } from '../deps.js';
import { keepOrPass } from '../keep-turn.js';
import { regain } from '../regain.js';
import { decidePage } from '../records/decide.js';
import { lookupsOf } from '../records/lookups.js';
import type { PageNotes } from '../records/outcome-marks.js';
import type { World } from '../records/page.js';
import { movesOf, type RepairMoves } from '../records/repair.js';
import type { Rules } from '../records/types.js';
import type { ApplySide } from '../store/run-documents.js';
import type { TurnHeld } from '../store/moving.js';
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

/**
 * Decides one batch of kept source again and applies it as a page of its own, in one transaction. Answers the turn, if it is kept.
 * `onItsWay` is called while the page is being written.
 */
export async function repairBatch(
  deps: ActivityDeps,
  job: Repairing,
  { mapped, ...batch }: Batch,
  at: { turn: TurnHeld; onItsWay: () => void },
): Promise<TurnHeld | null> {
  const { store } = deps;
  const { ref, object, origin, rules, side, signal } = job;
  const lookups = lookupsOf(mapped, object, rules.policies.matching);
  const again = new Set(
    batch.picked.filter(({ before }) => 'cun'.includes(before)).map((one) => one.externalId),
  );
  const known = new Set(batch.states.flatMap(({ duplicates }) => duplicates));
  let { turn } = at;
  for (let redo = 0; redo < MOST_REDOS; redo += 1) {
    const now = deps.now().toISOString();
    const loaded = await loadWorld(store, { workspaceId: ref.workspaceId, origin, object }, lookups);
    const world = await withDecided(store, ref, loaded, job.decisions);
    const repair = { again, decisions: job.decisions };
    const context = {
      ...ref,
      origin,
      object,
      now,
      newId: deps.newId,
      idsMayRepeat: job.idsMayRepeat,
      repair,
    };
    const decided = decidePage(mapped, world, rules, context);
    const seq = side.position;
    const moves = movesOf(batch.picked, decided, seq, known);
    const applying = store.pages.apply({
      ...{ ref, object, seq, origin, epoch: side.epoch, turn, settled: [], rows: 0, now },
      pageOrigin: 'repair',
      decided: { ...decided, problems: moves.problems, duplicates: moves.duplicates },
      repair: partOf(job, batch, moves),
    });
    at.onItsWay();
    if ((await applying) !== 'conflict') {
      side.position += 1;
      return await keepOrPass(store, turn);
    }
    turn = await regain(store, turn, signal);
  }
  throw new Error(`Kept source of ${object} could not be applied: what it touches kept changing.`);
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

function partOf(
  { object, repairId, decisions }: Repairing,
  batch: Omit<Batch, 'mapped'>,
  moves: RepairMoves,
): RepairPart {
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
