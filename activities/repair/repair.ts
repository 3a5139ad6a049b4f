import type { Activities, RepairArgs, RepairEnd } from '../../workflows/contract/activities.js';
import { OBJECTS, type ObjectName } from '../../workflows/contract/objects.js';
import { whileBeating } from '../beat.js';
import type { ActivityDeps } from '../deps.js';
import { openRun, type OpenedRun } from '../open-run.js';
import { forObject, rulesOf } from '../preflight/rules.js';
import { compileMapping } from '../records/mapping.js';
import { rulesChanged, type Chosen } from '../records/repair.js';
import type { World } from '../records/page.js';
import type { Rules } from '../records/types.js';
import { RELATIONS_A_PAGE, resolveItems } from '../resolve.js';
import type { TurnHeld } from '../store/moving.js';
import type { RepairState, RunDoc } from '../store/run-documents.js';
import { holderOf, repairBatch, type Repairing } from './batch.js';
import { pickBatches, type Picking } from './pick.js';
import { readAhead } from './read-ahead.js';
import { untieDecided } from './untie.js';

const SLICE_MS = 60_000;

/**
 * Decides kept source of a run again, with the mapping, members and policies of today, page by page, each in one transaction.
 * Repeatable: an attempt fences the one before it by the transfer's epoch, and goes on behind the page of source that the last
 * committed one named on the run's document.
 */
export function createRepairSlice(deps: ActivityDeps): Activities['repairSlice'] {
  return (args) =>
    whileBeating(async (signal) => {
      const opened = await openRun(deps, args.ref);
      if (opened.run.undoExpired) {
        const error = 'The pages of this run were kept until their time was over. Nothing was repaired.';
        return endRepair(deps, args, { state: 'failed', error });
      }
      const repair = await beginRepair(deps, opened.run, args);
      if (repair.state !== 'running') return { state: 'done' };
      return repairRun(deps, args, { opened, repair, signal });
    });
}

interface Slice {
  opened: OpenedRun;
  repair: RepairState;
  signal: AbortSignal;
}

async function repairRun(
  deps: ActivityDeps,
  args: RepairArgs,
  { opened, repair, signal }: Slice,
): Promise<RepairEnd> {
  const { run, provider } = opened;
  const app = await deps.store.apps.get(run.workspaceId, run.appId);
  if (!app) return endRepair(deps, args, { state: 'failed', error: 'The app of this run is gone.' });
  const { rules } = await rulesOf(deps, app, provider, { objects: run.scope, adoptProposal: false });
  const stopAt = deps.now().getTime() + SLICE_MS;
  for (const object of objectsToRepair(run, args.object)) {
    const { next } = repair;
    if (next && OBJECTS.indexOf(object) < OBJECTS.indexOf(next.object)) continue;
    const from = next?.object === object ? next.seq : 0;
    const job = { args, opened, rules, object, from, repair, stopAt, signal };
    if ((await repairObject(deps, job)) === 'more') return { state: 'more' };
  }
  return endRepair(deps, args, { state: 'done', rulesVersion: rules.version });
}

/** Objects that moved and were not taken back, in the order in which they were moved: targets of relations first. */
export function objectsToRepair(run: RunDoc, only: ObjectName | null): ObjectName[] {
  const moved = run.objects.filter(({ startedAt, state }) => startedAt !== null && state !== 'cleaned_up');
  return OBJECTS.filter(
    (object) => moved.some((each) => each.object === object) && (!only || only === object),
  );
}

interface ObjectJob {
  args: RepairArgs;
  opened: OpenedRun;
  rules: Rules;
  object: ObjectName;
  from: number;
  repair: RepairState;
  stopAt: number;
  signal: AbortSignal;
}

async function repairObject(deps: ActivityDeps, job: ObjectJob): Promise<'done' | 'more'> {
  const { store } = deps;
  const { args, opened, object, signal } = job;
  const { ref } = args;
  const { pinned, provider } = opened;
  const side = await store.repairs.claim(ref, object);
  if (!side) return 'done';
  const rules = forObject(job.rules, pinned.locales, object);
  const chosen: Chosen = {
    code: args.code,
    externalIds: args.externalIds ? new Set(args.externalIds) : null,
  };
  const open = await store.decisions.open(ref, object);
  const meant = open.filter(({ externalId }) => isChosen(chosen, externalId));
  const repairing: Repairing = {
    ...{ ref, repairId: args.repairId, object, origin: pinned.origin, rules, side, signal },
    idsMayRepeat: provider.objects.find((offer) => offer.object === object)?.uniqueIds !== true,
    decisions: new Map(meant.map((decision) => [decision.externalId, decision])),
  };
  if ((await untieDecided(deps, repairing, job.stopAt)) === 'more') return 'more';
  const picking = pickingOf(job, rules, repairing, chosen);
  if (job.from < Number.MAX_SAFE_INTEGER && (await repairPicked(deps, job, repairing, picking)) === 'more') {
    return 'more';
  }
  return resolveWaiting(deps, repairing, job.stopAt);
}

/** Batch after batch; while one is written the next one is picked and what it rests on is read. */
async function repairPicked(
  deps: ActivityDeps,
  { from, stopAt }: ObjectJob,
  repairing: Repairing,
  picking: Picking,
): Promise<'done' | 'more'> {
  const { store } = deps;
  const { ref, object, side, signal } = repairing;
  const now = (): number => deps.now().getTime();
  const batches = readAhead(pickBatches(store, picking, { from, now, stopAt }));
  let turn: TurnHeld | null = null;
  let world: World | null = null;
  try {
    for (let batch = await batches.next(); batch; batch = await batches.next()) {
      if (batch.picked.length > 0) {
        turn ??= await store.turns.acquire(ref.workspaceId, object, holderOf(repairing), signal);
        ({ turn, world } = await repairBatch(deps, repairing, batch, { turn, world, next: batches.peek }));
      } else if (batch.next !== null) {
        await store.repairs.moveOn(ref, object, { epoch: side.epoch, seq: batch.next });
      }
      if (batch.next !== null && now() > stopAt) return 'more';
    }
    return 'done';
  } finally {
    if (turn) await store.turns.release(turn);
    await batches.end();
  }
}

/** A decision is carried out by every repair that does not ask for something else. */
function isChosen({ code, externalIds }: Chosen, externalId: string): boolean {
  if (externalIds && !externalIds.has(externalId)) return false;
  return code === null || code === 'duplicate';
}

function pickingOf(
  job: ObjectJob,
  rules: Rules,
  { ref, object, rules: now, decisions, signal }: Repairing,
  chosen: Chosen,
): Picking {
  const { pinned, run } = job.opened;
  const before = forObject(pinned.rules, pinned.locales, object);
  const last = job.repair.rulesVersion;
  const repairedOtherwise = last !== null && last !== job.rules.version;
  const changed = rulesChanged(pinned.rules.policies, job.rules.policies);
  return {
    ...{ ref: { workspaceId: ref.workspaceId, appId: run.appId, runId: ref.runId }, object, chosen, signal },
    decided: new Set(decisions.keys()),
    // An earlier repair used other rules than the run: everything may end otherwise than it did then.
    changed: repairedOtherwise ? { merging: true, duplicates: true, linked: true } : changed,
    mapBefore: compileMapping(object, before),
    mapNow: compileMapping(object, now),
    mappingChanged: before.version !== rules.version,
  };
}

/** What was waiting for records that are here now. */
async function resolveWaiting(deps: ActivityDeps, job: Repairing, stopAt: number): Promise<'done' | 'more'> {
  const { ref, object, origin, side, signal } = job;
  for (let after: string | null = null; ;) {
    signal.throwIfAborted();
    const waiting = await deps.store.pending.waiting(
      ref.workspaceId,
      origin,
      object,
      after,
      RELATIONS_A_PAGE,
    );
    if (waiting.items.length > 0)
      await resolveItems(deps, { ref, object, origin, side, signal }, waiting.items);
    if (waiting.position === null || waiting.items.length === 0) return 'done';
    after = waiting.position;
    if (deps.now().getTime() > stopAt) return 'more';
  }
}

async function beginRepair(
  { store, now }: ActivityDeps,
  run: RunDoc,
  args: RepairArgs,
): Promise<RepairState> {
  const { repair: last } = run;
  if (last?.repairId === args.repairId) return last;
  const { repairId, object, code, externalIds, actor: by } = args;
  const repair: RepairState = {
    ...{ repairId, state: 'running', object, code, externalIds, repaired: 0, changed: 0, stillFailed: 0 },
    ...{ error: null, by, at: now().toISOString(), endedAt: null, next: null },
    rulesVersion: last?.rulesVersion ?? null,
  };
  await store.runs.patch(run.workspaceId, run.runId, { repair });
  return repair;
}

async function endRepair(
  deps: ActivityDeps,
  args: RepairArgs,
  end: Pick<RepairState, 'state'> & Partial<Pick<RepairState, 'error' | 'rulesVersion'>>,
): Promise<RepairEnd> {
  const { workspaceId, runId } = args.ref;
  const run = await deps.store.runs.get(workspaceId, runId);
  const repair = run && (await beginRepair(deps, run, args));
  if (run) {
    const fresh = (await deps.store.runs.get(workspaceId, runId))?.repair ?? repair;
    const endedAt = deps.now().toISOString();
    if (fresh)
      await deps.store.runs.patch(workspaceId, runId, { repair: { ...fresh, ...end, next: null, endedAt } });
  }
  return { state: 'done' };
}
