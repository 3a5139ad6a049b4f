import type { RunRef } from '../workflows/contract/ids.js';
import type { ObjectName } from '../workflows/contract/objects.js';
import { isTerminal, type ObjectState } from '../workflows/contract/status.js';
import type { ActivityDeps } from './deps.js';
import { providerOf } from './open-run.js';
import { booksClosed } from './records/books.js';
import type { RunDoc, RunObjectDoc } from './store/run-documents.js';
import type { Claim } from './store/moving.js';

const FAILURES_READ = 200;

/** A bookmark moves only past what was applied, and only where the run was accepted or passed under its review mode. */
export function mayMove(
  run: Pick<RunDoc, 'options' | 'pinned'>,
  { state, completed, sides }: { state: ObjectState; completed: boolean; sides: Claim | null },
): boolean {
  const passed =
    state === 'accepted' ||
    state === 'passed' ||
    state === 'unchanged' ||
    (state === 'unreviewed' && completed && run.pinned?.reviewMode === 'none');
  if (!passed || !sides || run.options.limit !== undefined) return false;
  const { fetch, apply } = sides;
  const whole = fetch.done && fetch.bookmark !== null && apply.position >= fetch.position;
  // What a plan left out because the store had changed was not applied.
  return (
    whole && apply.counts.skippedBy.drifted === 0 && booksClosed({ ...apply.counts, fetched: fetch.fetched })
  );
}

/** At the close of a run. Repeatable: each object's bookmark is set once, and not after the run has ended. */
export async function moveBookmarks(
  deps: ActivityDeps,
  ref: RunRef,
  run: RunDoc,
  ended: { objects: { object: ObjectName; state: ObjectState }[]; completed: boolean },
): Promise<void> {
  const { store } = deps;
  const provider = deps.providers.get(run.providerId);
  if (!provider?.actions.sync || !run.pinned) return;
  for (const { object, state } of ended.objects) {
    const sides = await store.transfers.get(ref, object);
    const entry = run.objects.find((each) => each.object === object);
    if (!sides || !entry || !mayMove(run, { state, completed: ended.completed, sides })) continue;
    await settleFailures(deps, ref, run.pinned.origin, entry);
    const before = await store.bookmarks.get(ref.workspaceId, ref.appId, object);
    if (before?.runId === ref.runId) continue;
    const offer = providerOf(deps, run.providerId).objects.find((each) => each.object === object);
    const { workspaceId, appId, runId } = ref;
    await store.bookmarks.set(
      {
        ...{ workspaceId, appId, object, runId, origin: run.pinned.origin },
        bookmark: sides.fetch.bookmark ?? '',
        version: offer?.bookmarkVersion ?? 1,
        at: after(entry.startedAt ?? deps.now().toISOString(), before?.at ?? null),
        before: before && {
          ...{ bookmark: before.bookmark, version: before.version, runId: before.runId, at: before.at },
        },
      },
      { runId },
    );
  }
}

/** Times of one object's bookmarks rise, whatever the clocks of the workers say: an undo tells by them which one is older. */
function after(at: string, before: string | null): string {
  if (before === null || at > before) return at;
  return new Date(Date.parse(before) + 1).toISOString();
}

/** What failed in the run before and passed in this one, also under another id, is open no more. */
async function settleFailures(
  { store }: ActivityDeps,
  ref: RunRef,
  origin: string,
  { object, since }: RunObjectDoc,
): Promise<void> {
  if (!since) return;
  const { workspaceId } = ref;
  const failed = new Set<string>();
  for (let at: string | null = null; ;) {
    const { items, position } = await store.problems.openFailures(ref, object, at, FAILURES_READ);
    for (const { externalId } of items) failed.add(externalId);
    if (position === null) break;
    at = position;
  }
  const sides = await store.transfers.get(ref, object);
  const renamed = new Map((sides?.fetch.retry?.renamed ?? []).map(({ from, to }) => [from, to]));
  const idNow = (id: string): string => renamed.get(id) ?? id;
  for (let at: string | null = null; ;) {
    const old = await store.problems.openFailures(
      { workspaceId, runId: since.runId },
      object,
      at,
      FAILURES_READ,
    );
    const ids = old.items.map(({ externalId }) => idNow(externalId));
    const links = await store.links.byExternalIds(workspaceId, origin, object, ids);
    const here = new Set(links.filter(({ goneAt }) => goneAt === null).map(({ externalId }) => externalId));
    const passed = old.items
      .map(({ key, externalId }) => ({ key, id: idNow(externalId) }))
      .filter(({ id }) => here.has(id) && !failed.has(id));
    await store.problems.settle(
      passed.map(({ key }) => key),
      ref.runId,
    );
    if (old.position === null) return;
    at = old.position;
  }
}

/**
 * What an undone run brought, or one that a person cleaned up after, is to come again: the next sync starts from where that run
 * started, or from the beginning. Never later than where it would start now. While a run lives no bookmark has moved for it.
 * Repeatable. What people did by hand stays theirs when it comes: a record they archived stays so, and so does a value they set.
 */
export async function moveBookmarkBack(
  { store }: ActivityDeps,
  ref: RunRef,
  run: RunDoc,
  object: ObjectName,
): Promise<void> {
  const { workspaceId, appId } = ref;
  const since = run.objects.find((each) => each.object === object)?.since ?? null;
  if (since) await store.problems.reopen({ workspaceId, runId: since.runId }, object, ref.runId);
  if (!isTerminal(run.status)) return;
  const now = await store.bookmarks.get(workspaceId, appId, object);
  if (!now) return;
  if (!since) return store.bookmarks.remove(workspaceId, appId, object);
  if (now.runId === since.runId || now.at <= since.at) return;
  const { bookmark, version, runId, at } = since;
  await store.bookmarks.set({
    ...{ workspaceId, appId, object, origin: now.origin },
    ...{ bookmark, version, runId, at, before: null },
  });
}
