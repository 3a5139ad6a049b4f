import { Context } from '@temporalio/activity';
import type { Activities, SliceArgs, SliceEnd } from '../../workflows/contract/activities.js';
import type { ActivityDeps } from '../deps.js';
import { whileBeating } from '../beat.js';
import { openRun, openSession, type OpenedRun } from '../open-run.js';
import type { Session } from '../providers/provider.js';
import { forObject } from '../preflight/rules.js';
import { judge } from '../records/breakers.js';
import { compileMapping } from '../records/mapping.js';
import type { Claim } from '../store/moving.js';
import type { AsPlanned } from '../plan/as-planned.js';
import { planLoop, type PlanEnd } from '../plan/plan-loop.js';
import { applyLoop, knownBefore, park, type ApplyEnd } from './apply-loop.js';
import type { FetchArgs } from './fetch-args.js';
import { fetchLoop } from './fetch-loop.js';
import { createHandover } from './handover.js';
import { sliceEndOf } from './slice-end.js';

/**
 * Moves up to `pages` pages of one object. Repeatable because each attempt claims a higher epoch, which fences whatever is
 * left of an older one, and goes on from the positions that the last committed page left behind.
 */
export function createTransferSlice(deps: ActivityDeps): Activities['transferSlice'] {
  return (args) =>
    whileBeating(async (signal) => {
      const opened = await openRun(deps, args.ref);
      try {
        return await moveSlice(deps, args, opened, signal);
      } catch (error) {
        return sliceEndOf(deps, error, { ref: args.ref, object: args.object, signal });
      }
    });
}

async function moveSlice(
  deps: ActivityDeps,
  args: SliceArgs,
  opened: OpenedRun,
  signal: AbortSignal,
): Promise<SliceEnd> {
  const { ref, object, slice } = args;
  const { attempt } = Context.current().info;
  const claim = await deps.store.transfers.claim(ref, object, { slice, attempt });
  const traffic = { requests: 0, bytes: 0 };
  // Where all is staged, nobody speaks to the provider any more.
  const session = claim.fetch.done ? null : await openSession(deps, opened, traffic);
  try {
    const end = await runLoops(deps, { ...args, opened, claim, session, traffic, signal });
    if (end.state === 'parked') return end;
    const control =
      end.state === 'stopped' ? end.control : await deps.store.runs.control(ref.workspaceId, ref.runId);
    if (control === 'pause') return { state: 'paused' };
    if (control === 'cancel') return { state: 'cancelled' };
    const sides = await deps.store.transfers.get(ref, object);
    const position = args.planning ? sides?.apply.plan?.position : sides?.apply.position;
    if (!sides?.fetch.done || (position ?? 0) < sides.fetch.position) return { state: 'more' };
    if (end.state !== 'caught_up') return { state: 'done' };
    const { workspaceId } = ref;
    const { origin, rules } = opened.pinned;
    const known = await knownBefore(deps.store, { workspaceId, origin, object }, end.totals);
    const tripped = judge(rules.policies, end.totals, { allowed: args.allowed, known, whole: true });
    return tripped ? await park(deps.store, { ref, object, side: sides.apply }, tripped) : { state: 'done' };
  } finally {
    await session?.close();
  }
}

interface Loops extends SliceArgs {
  opened: OpenedRun;
  claim: Claim;
  session: Session | null;
  traffic: { requests: number; bytes: number };
  signal: AbortSignal;
}

/** Fetch and apply beside each other. What was staged is applied even if the provider fails; a failed apply stops the fetch. */
async function runLoops(deps: ActivityDeps, loops: Loops): Promise<ApplyEnd | PlanEnd> {
  const { ref, object, opened, claim, session, traffic, allowed, planning = false } = loops;
  const { run, pinned, provider } = opened;
  const stageOnly = run.options.backupFirst === true && !claim.fetch.done && !planning;
  const behind = planning ? (claim.apply.plan?.position ?? 0) : claim.apply.position;
  const first = stageOnly ? claim.fetch.position : behind;
  const beforeSeq = first + loops.pages;
  const handover = createHandover(claim.fetch.position, stageOnly);
  const stopFetching = new AbortController();
  const signal = AbortSignal.any([loops.signal, stopFetching.signal]);
  const side = claim.fetch;
  const rules = forObject(pinned.rules, pinned.locales, object);
  const sync = syncOf(deps, loops);
  const { now } = deps;
  const told = { allowed, traffic, handover, signal, now };
  const reading = { ref, object, side, beforeSeq, ...told, ...(sync && { sync }) };
  const fetching = (session ? fetchLoop(deps.store, { ...reading, session }) : Promise.resolve())
    .then(
      () => null,
      (error: unknown) => ({ error }),
    )
    .finally(() => handover.end());
  try {
    const deciding = {
      ...{ ref, object, origin: pinned.origin, rules, side: claim.apply, beforeSeq, handover },
      idsMayRepeat: provider.objects.find((offer) => offer.object === object)?.uniqueIds !== true,
      map: compileMapping(object, rules),
      ...{ signal: loops.signal, now: deps.now, newId: deps.newId },
    };
    const applying = (): Promise<ApplyEnd> =>
      applyLoop(deps.store, {
        ...deciding,
        keysMayLie: provider.auth.includes('file'),
        plan: planOf(deps, loops),
        allowed,
        holder: `${ref.runId}/${claim.apply.epoch}`,
      });
    const end: ApplyEnd | PlanEnd = stageOnly
      ? { state: 'caught_up', totals: claim.apply.counts }
      : await (planning ? planLoop(deps.store, deciding) : applying());
    if (end.state === 'stopped' || end.state === 'parked') return end;
    const failed = await fetching;
    if (failed) throw failed.error;
    return end;
  } finally {
    stopFetching.abort();
    await fetching;
  }
}

/** A limited run is a look at a part: nothing follows from what it does not see. */
function syncOf({ now }: ActivityDeps, { object, opened }: Loops): FetchArgs['sync'] | null {
  const { run, pinned, provider } = opened;
  if (run.kind !== 'sync') return null;
  const offer = provider.objects.find((each) => each.object === object);
  const since = run.objects.find((each) => each.object === object)?.since ?? null;
  const absenceCounts = offer !== undefined && offer.deletions !== 'none';
  const { origin } = pinned;
  const followUp =
    run.options.limit === undefined ? { since, origin, absenceCounts, clock: () => now().getTime() } : null;
  return { since, bookmarkVersion: offer?.bookmarkVersion ?? 1, followUp };
}

function planOf({ store }: ActivityDeps, { ref, object, opened }: Loops): AsPlanned | null {
  const { run } = opened;
  if (run.mode !== 'plan') return null;
  return {
    onDrift: run.plan?.applied?.onDrift ?? 'skip',
    outcomes: (seq) => store.plans.outcomes(ref, object, seq),
  };
}
