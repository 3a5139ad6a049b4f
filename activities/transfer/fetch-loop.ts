import type { ObjectName } from '../../workflows/contract/objects.js';
import { ProviderFailure, type SourcePage } from '../providers/provider.js';
import type { Store } from '../store/store.js';
import { RECORDS_A_PAGE } from './cut.js';
import type { FetchArgs } from './fetch-args.js';
import { followUpOf, type Stage } from './follow-up.js';
import { seenNext } from './cursor-loop.js';
import { createStager } from './stager.js';

/**
 * Reads the provider from the stored cursor and stages its answers, each in one transaction with the cursor that follows.
 * Safe to repeat at any moment: what was not staged is asked for again, what was staged is behind the cursor.
 */
export async function fetchLoop(store: Store, args: FetchArgs): Promise<void> {
  const { ref, object, side, handover, signal, traffic } = args;
  if (side.done || (side.listed !== true && side.position >= args.beforeSeq)) return;
  const mayGoOn = async (): Promise<boolean> =>
    (await store.runs.control(ref.workspaceId, ref.runId)) === 'go';
  if (!(await mayGoOn())) return;
  let { position, cursor } = side;
  let seen = side.seen ?? null;
  const told = { requests: 0, bytes: 0 };
  const followUp = args.sync?.followUp ?? null;
  let end = { listed: side.listed === true, bookmark: side.bookmark, complete: side.complete };
  let listedFrom = side.listedFrom ?? 0;
  const usedSince = (): { requests: number; bytes: number } => {
    const used = { requests: traffic.requests - told.requests, bytes: traffic.bytes - told.bytes };
    Object.assign(told, traffic);
    return used;
  };
  const stager = createStager(args.now, async ({ pages, next, bookmark, complete, seen: seenThen }) => {
    const fromSeq = position;
    const at = { ref, object, epoch: side.epoch, fromSeq };
    const listed = next === null;
    await store.pages.stage({
      ...at,
      pages,
      cursor: next,
      done: listed && followUp === null,
      bookmark,
      complete,
      traffic: usedSince(),
      step: { ...(followUp && listed && { listed }), ...(next !== null && { seen: seenThen }) },
      ...(followUp && { forAbsence: true }),
    });
    end = { listed, bookmark, complete };
    for (const records of pages) {
      await handover.offer({ seq: position, origin: 'fetch', records });
      position += 1;
    }
  });
  const stage: Stage = async ({ pages, origin, step, done = false }) => {
    const at = { ref, object, epoch: side.epoch, fromSeq: position };
    const { bookmark, complete } = end;
    const facts = { cursor: null, done, bookmark, complete, traffic: usedSince(), forAbsence: true };
    await store.pages.stage({ ...at, ...facts, pages, origin, ...(step && { step }) });
    for (const records of pages) {
      // What may be gone waits until all of it is known: it is read from the store then, and with it what comes between.
      if (origin === 'retry') await handover.offer({ seq: position, origin, records });
      position += 1;
    }
  };
  const follow = async (): Promise<void> => {
    if (!followUp || !end.listed) return;
    const { complete } = end;
    await followUpOf({ store, args, followUp, stage, mayGoOn, complete, listedFrom });
  };
  if (end.listed) return follow();
  const restart = async (): Promise<void> => {
    cursor = null;
    seen = null;
    listedFrom = position;
    const step = { seen, listedFrom, fullListings: (side.fullListings ?? 0) + 1 };
    end = { listed: false, bookmark: null, complete: false };
    await stage({ pages: [], origin: 'fetch', step });
  };
  let asked = position;
  let answered = false;
  try {
    for await (const answer of answersOf(args, restart)) {
      answered = true;
      if (answer.next !== undefined) {
        seen = answer.next === cursor ? null : seenNext(seen, answer.next);
        if (seen === null) throw cursorLoop(object);
      }
      await stager.add(answer, seen);
      asked += Math.ceil(answer.records.length / RECORDS_A_PAGE);
      cursor = answer.next ?? null;
      if (cursor === null || handover.stopped || asked >= args.beforeSeq) break;
      if (!(await mayGoOn())) break;
    }
  } finally {
    // Also after an error: what the provider sent before it counts.
    await stager.drain();
  }
  signal.throwIfAborted();
  if (answered) return follow();
  throw new ProviderFailure(
    'provider_contract_broken',
    `The provider answered nothing for ${object}, not even that there is nothing. What was read so far is kept. This is a fault of the provider's code: please report it.`,
  );
}

/**
 * From the stored cursor; from the start where that expired and a person said so. The next position that is staged is one of the
 * new listing, so this happens once, and what comes a second time is found unchanged.
 */
async function* answersOf(
  { object, side, session, sync, allowed, signal }: FetchArgs,
  onRestart: () => Promise<void>,
): AsyncGenerator<SourcePage> {
  const since = (side.fullListings ?? 0) > 0 ? null : (sync?.since ?? null);
  const from = side.cursor ?? (since ? { bookmark: since.bookmark } : undefined);
  try {
    if (side.cursor === null && since && since.version !== sync?.bookmarkVersion) throw otherFormat(object);
    yield* session.read(object, from, signal);
    return;
  } catch (error) {
    const isExpired = error instanceof ProviderFailure && error.code === 'cursor_expired';
    if (!isExpired || from === undefined || !allowed.includes('cursor_expired')) throw error;
    if ((side.fullListings ?? 0) >= MOST_LISTINGS) throw expiresTooSoon(object);
  }
  await onRestart();
  yield* session.read(object, undefined, signal);
}

/** A person's word covers so many beginnings of one object in one run. */
const MOST_LISTINGS = 3;

function otherFormat(object: ObjectName): ProviderFailure {
  return new ProviderFailure(
    'cursor_expired',
    `The bookmark of ${object} was written in another format than this version reads. Nothing was read. A full listing finds everything that has changed since; what has not is left as it is.`,
  );
}

function expiresTooSoon(object: ObjectName): ProviderFailure {
  return new ProviderFailure(
    'provider_contract_broken',
    `The provider's positions in ${object} were good no more before the listing was over, ${MOST_LISTINGS} times. What was read so far is kept. Run it again when the provider answers faster.`,
  );
}

function cursorLoop(object: ObjectName): ProviderFailure {
  return new ProviderFailure(
    'provider_cursor_loop',
    `The provider answered the same position twice for ${object}: going on would never end. What was read so far is kept.`,
  );
}
