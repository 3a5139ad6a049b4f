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
import { applyLoop, park, type ApplyEnd } from './apply-loop.js';
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
  const session = await openSession(deps, opened, traffic);
  try {
    const end = await runLoops(deps, { ...args, opened, claim, session, traffic, signal });
    if (end.state === 'parked') return end;
    const control =
      end.state === 'stopped' ? end.control : await deps.store.runs.control(ref.workspaceId, ref.runId);
    if (control === 'pause') return { state: 'paused' };
    if (control === 'cancel') return { state: 'cancelled' };
    const sides = await deps.store.transfers.get(ref, object);
    if (!sides?.fetch.done || sides.apply.position < sides.fetch.position) return { state: 'more' };
    if (end.state !== 'caught_up') return { state: 'done' };
    const tripped = judge(opened.pinned.rules.policies, end.totals, {
      allowed: args.allowed,
      pageIdentity: null,
    });
    return tripped ? await park(deps.store, { ref, object, side: sides.apply }, tripped) : { state: 'done' };
  } finally {
    await session.close();
  }
}

interface Loops extends SliceArgs {
  opened: OpenedRun;
  claim: Claim;
  session: Session;
  traffic: { requests: number; bytes: number };
  signal: AbortSignal;
}

/** Fetch and apply beside each other. What was staged is applied even if the provider fails; a failed apply stops the fetch. */
async function runLoops(deps: ActivityDeps, loops: Loops): Promise<ApplyEnd> {
  const { ref, object, opened, claim, session, traffic, allowed } = loops;
  const { run, pinned, provider } = opened;
  const stageOnly = run.options.backupFirst === true && !claim.fetch.done;
  const first = stageOnly ? claim.fetch.position : claim.apply.position;
  const beforeSeq = first + loops.pages;
  const handover = createHandover(claim.fetch.position, stageOnly);
  const stopFetching = new AbortController();
  const signal = AbortSignal.any([loops.signal, stopFetching.signal]);
  const side = claim.fetch;
  const rules = forObject(pinned.rules, pinned.locales, object);
  const reading = { ref, object, side, session, beforeSeq, allowed, traffic, handover, signal };
  const fetching = fetchLoop(deps.store, reading)
    .then(
      () => null,
      (error: unknown) => ({ error }),
    )
    .finally(() => handover.end());
  try {
    const end: ApplyEnd = stageOnly
      ? { state: 'caught_up', totals: claim.apply.counts }
      : await applyLoop(deps.store, {
          ref,
          object,
          origin: pinned.origin,
          rules,
          side: claim.apply,
          beforeSeq,
          idsMayRepeat: provider.objects.find((offer) => offer.object === object)?.uniqueIds !== true,
          keysMayLie: provider.auth.includes('file'),
          allowed,
          map: compileMapping(object, rules),
          handover,
          holder: `${ref.runId}/${claim.apply.epoch}`,
          signal: loops.signal,
          now: deps.now,
          newId: deps.newId,
        });
    if (end.state !== 'caught_up') return end;
    const failed = await fetching;
    if (failed) throw failed.error;
    return end;
  } finally {
    stopFetching.abort();
    await fetching;
  }
}
