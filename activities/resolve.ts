import { Context } from '@temporalio/activity';
import type { Activities, SliceArgs, SliceEnd } from '../workflows/contract/activities.js';
import type { ActivityDeps } from './deps.js';
import { whileBeating } from './beat.js';
import { openRun, type OpenedRun } from './open-run.js';
import type { PendingRelation } from './records/page.js';
import { regain } from './regain.js';
import { resolvePage, type ResolveWorld } from './records/resolve.js';
import type { ApplySide } from './store/run-documents.js';
import type { Store } from './store/store.js';
import { sliceEndOf } from './transfer/slice-end.js';

export const RELATIONS_A_PAGE = 500;
const SLICE_MS = 60_000;
const MOST_REDOS = 50;

/**
 * Links relations of this origin that waited for targets of this object. Repeatable: what is linked waits no longer, and an
 * attempt that was taken over is fenced like a transfer's. One slice ends after a minute, or when all were looked at.
 */
export function createResolveSlice(deps: ActivityDeps): Activities['resolveSlice'] {
  return (args) =>
    whileBeating(async (signal) => {
      const opened = await openRun(deps, args.ref);
      try {
        return await resolveSlice(deps, args, opened, signal);
      } catch (error) {
        return sliceEndOf(deps, error, { ref: args.ref, object: args.object, signal });
      }
    });
}

async function resolveSlice(
  deps: ActivityDeps,
  { ref, object, slice }: SliceArgs,
  { pinned }: OpenedRun,
  signal: AbortSignal,
): Promise<SliceEnd> {
  const { store } = deps;
  const { attempt } = Context.current().info;
  const claim = await store.transfers.claim(ref, object, { slice, attempt });
  const stopAt = deps.now().getTime() + SLICE_MS;
  const page: ResolvingPage = { ref, object, origin: pinned.origin, side: claim.apply, signal };
  let after: string | null = null;
  for (;;) {
    signal.throwIfAborted();
    const control = await store.runs.control(ref.workspaceId, ref.runId);
    if (control === 'pause') return { state: 'paused' };
    if (control === 'cancel') return { state: 'cancelled' };
    const waiting = await store.pending.waiting(
      ref.workspaceId,
      pinned.origin,
      object,
      after,
      RELATIONS_A_PAGE,
    );
    if (waiting.items.length > 0) await resolveItems(deps, page, waiting.items);
    if (waiting.position === null || waiting.items.length === 0) return { state: 'done' };
    after = waiting.position;
    if (deps.now().getTime() > stopAt) return { state: 'more' };
  }
}

export interface ResolvingPage extends Pick<SliceArgs, 'ref' | 'object'> {
  origin: string;
  /** Its position moves with every page that is applied. */
  side: ApplySide;
  signal: AbortSignal;
}

export async function resolveItems(
  deps: ActivityDeps,
  page: ResolvingPage,
  items: PendingRelation[],
): Promise<void> {
  const { store } = deps;
  const { ref, object, origin, side, signal } = page;
  const known = await store.links.byExternalIds(ref.workspaceId, origin, object, targetIds(items));
  if (known.length === 0) return;
  let turn = await store.turns.acquire(ref.workspaceId, object, `resolve/${ref.runId}/${side.epoch}`, signal);
  try {
    for (let redo = 0; redo < MOST_REDOS; redo += 1) {
      const now = deps.now().toISOString();
      const world = await loadResolveWorld(store, page, items);
      const { decided, settled } = resolvePage(items, world, { ...ref, now });
      if (settled.length === 0) return;
      const commit = {
        ref,
        object,
        seq: side.position,
        pageOrigin: 'resolve',
        origin,
        epoch: side.epoch,
      } as const;
      const result = await store.pages.apply({ ...commit, turn, decided, settled, rows: 0, now });
      if (result !== 'conflict') {
        side.position += 1;
        return;
      }
      turn = await regain(store, turn, signal);
    }
  } finally {
    await store.turns.release(turn);
  }
  throw new Error(`Relations to ${object} could not be linked: what they touch kept changing.`);
}

async function loadResolveWorld(
  store: Store,
  { ref, object, origin }: ResolvingPage,
  items: PendingRelation[],
): Promise<ResolveWorld> {
  const [links, records] = await Promise.all([
    store.links.byExternalIds(ref.workspaceId, origin, object, targetIds(items)),
    store.records.byIds(ref.workspaceId, [...new Set(items.map((item) => item.recordId))]),
  ]);
  return {
    targets: new Map(links.map((link) => [`${link.object}/${link.externalId}`, link])),
    records: new Map(records.map((record) => [record.recordId, record])),
  };
}

function targetIds(items: PendingRelation[]): string[] {
  return [...new Set(items.map((item) => item.targetExternalId))];
}
