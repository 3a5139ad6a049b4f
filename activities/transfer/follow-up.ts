import type { ObjectName } from '../../workflows/contract/objects.js';
import type { SourceRecord } from '../records/types.js';
import type { FetchStep, StagedIds } from '../store/moving.js';
import type { Store } from '../store/store.js';
import type { FetchArgs, FollowUp } from './fetch-args.js';
import { cutIntoPages } from './cut.js';

/** Ids that are asked for at once. */
const ASKED = 100;
/** Ids that one transaction settles. */
const SETTLED = 500;
/** A slice ends before its time-out, and goes on from what is staged. */
const LONGEST_MS = 4 * 60_000;

/** States what was staged; the position follows by itself. */
export type Stage = (part: {
  pages: SourceRecord[][];
  origin: 'fetch' | 'retry' | 'absence';
  step?: FetchStep;
  done?: boolean;
}) => Promise<void>;

interface Following {
  store: Store;
  args: FetchArgs;
  followUp: FollowUp;
  stage: Stage;
  mayGoOn: () => Promise<boolean>;
  complete: boolean;
  listedFrom: number;
}

/**
 * What a sync asks for by id, once the provider's answers were read to their end: what failed in the run before, and what a complete
 * listing did not name. Safe to repeat: whatever was staged in this run is not asked for again. False: not done yet.
 */
export async function followUpOf(following: Following): Promise<boolean> {
  const { args, followUp, complete, stage } = following;
  const until = followUp.clock() + LONGEST_MS;
  if (args.side.retry?.done !== true && !(await retryFailures(following, until))) return false;
  if (complete && followUp.absenceCounts && !(await findAbsent(following, until))) return false;
  await stage({ pages: [], origin: 'fetch', done: true });
  return true;
}

async function retryFailures(following: Following, until: number): Promise<boolean> {
  const { store, args, followUp, stage, mayGoOn } = following;
  const { ref, object } = args;
  if (!followUp.since) return true;
  const before = { workspaceId: ref.workspaceId, runId: followUp.since.runId };
  let after = args.side.retry?.after ?? null;
  let staged: StagedIds | null = null;
  const asked = new Set<string>();
  let renamed = args.side.retry?.renamed ?? [];
  for (;;) {
    args.signal.throwIfAborted();
    if (followUp.clock() > until || !(await mayGoOn())) return false;
    const { items, position } = await store.problems.openFailures(before, object, after, ASKED);
    const known: StagedIds | null =
      items.length === 0 ? null : (staged ??= await store.pages.stagedIds(ref, object, 0));
    const ids = [...new Set(items.map(({ externalId }) => externalId))].filter(
      (id) => !known?.has(id) && !asked.has(id),
    );
    for (const id of ids) asked.add(id);
    const { here, moved } = await askedAgain(args, object, ids);
    const news = moved.filter(({ externalId }) => known?.has(externalId) !== true);
    renamed = [...renamed, ...moved.map(({ formerId, externalId }) => ({ from: formerId, to: externalId }))];
    const found = [...here, ...news.map(({ formerId: _, ...record }) => record)];
    await stage({
      ...{ pages: cutIntoPages(found, args.now()), origin: 'retry' },
      step: { retry: { after: position, done: position === null, ...(renamed.length > 0 && { renamed }) } },
    });
    if (position === null) return true;
    after = position;
  }
}

async function findAbsent(following: Following, until: number): Promise<boolean> {
  const { store, args, followUp, listedFrom, mayGoOn } = following;
  const { ref, object, signal } = args;
  const staged = await store.pages.stagedIds(ref, object, listedFrom);
  let absent: string[] = [];
  // Two apps may look at parts of one account: what this one does not list may well be the other's.
  const own = { workspaceId: ref.workspaceId, origin: followUp.origin, object, appId: ref.appId };
  for await (const ids of store.links.live(own, signal)) {
    for (const id of ids) if (!staged.has(id)) absent.push(id);
    while (absent.length >= SETTLED) {
      if (followUp.clock() > until || !(await mayGoOn())) return false;
      await settleAbsent(following, absent.slice(0, SETTLED));
      absent = absent.slice(SETTLED);
    }
  }
  if (!(await mayGoOn())) return false;
  await settleAbsent(following, absent);
  return true;
}

/** Each is looked up by its id first: it may only have moved between pages. */
async function settleAbsent({ args, stage }: Following, ids: string[]): Promise<void> {
  const found: SourceRecord[] = [];
  for (let from = 0; from < ids.length; from += ASKED) {
    args.signal.throwIfAborted();
    found.push(...(await stillThere(args, args.object, ids.slice(from, from + ASKED))));
  }
  if (found.length > 0) await stage({ pages: cutIntoPages(found, args.now()), origin: 'fetch' });
  const there = new Set(found.map(({ externalId }) => externalId));
  const gone = ids.filter((id) => !there.has(id));
  if (gone.length === 0) return;
  const tombstones = gone.map((externalId) => ({ externalId, deleted: true as const, data: null }));
  await stage({ pages: [tombstones], origin: 'absence' });
}

async function stillThere(args: FetchArgs, object: ObjectName, ids: string[]): Promise<SourceRecord[]> {
  return (await askedAgain(args, object, ids)).here;
}

type Moved = SourceRecord & { formerId: string };

/** One record per id, only what was asked for, and what the provider calls deleted is not there. */
async function askedAgain(
  { session, signal }: FetchArgs,
  object: ObjectName,
  ids: string[],
): Promise<{ here: SourceRecord[]; moved: Moved[] }> {
  if (ids.length === 0) return { here: [], moved: [] };
  const asked = new Set(ids);
  const found = (await session.get(object, ids, signal)).filter(({ deleted }) => deleted !== true);
  const here = new Map(
    found.flatMap((each) => (asked.has(each.externalId) ? [[each.externalId, each] as const] : [])),
  );
  const moved = new Map<string, Moved>();
  for (const each of found) {
    const { formerId, externalId } = each;
    if (formerId === undefined || !asked.has(formerId) || asked.has(externalId)) continue;
    moved.set(externalId, { ...each, formerId });
  }
  return { here: [...here.values()], moved: [...moved.values()] };
}
