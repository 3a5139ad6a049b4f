import type { FailureCode } from '../../workflows/contract/failures.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import { ProviderFailure, type Session, type SourcePage } from '../providers/provider.js';
import type { FetchSide } from '../store/run-documents.js';
import type { Store } from '../store/store.js';
import type { Traffic } from '../open-run.js';
import { RECORDS_A_PAGE } from './cut.js';
import type { Handover } from './handover.js';
import { createStager } from './stager.js';

export interface FetchArgs {
  ref: RunRef;
  object: ObjectName;
  side: FetchSide;
  session: Session;
  /** Stage no page of this number or above, except those of an answer that was begun. */
  beforeSeq: number;
  /** With `cursor_expired` among them, a person asked for a full listing where the stored cursor is good no more. */
  allowed: readonly FailureCode[];
  traffic: Traffic;
  handover: Handover;
  signal: AbortSignal;
}

/**
 * Reads the provider from the stored cursor and stages its answers, each in one transaction with the cursor that follows.
 * Safe to repeat at any moment: what was not staged is asked for again, what was staged is behind the cursor.
 */
export async function fetchLoop(store: Store, args: FetchArgs): Promise<void> {
  const { ref, object, side, handover, signal, traffic } = args;
  if (side.done || side.position >= args.beforeSeq) return;
  const mayGoOn = async (): Promise<boolean> =>
    (await store.runs.control(ref.workspaceId, ref.runId)) === 'go';
  if (!(await mayGoOn())) return;
  let { position, cursor } = side;
  const told = { requests: 0, bytes: 0 };
  const stager = createStager(async ({ pages, next, bookmark, complete }) => {
    const fromSeq = position;
    const used = { requests: traffic.requests - told.requests, bytes: traffic.bytes - told.bytes };
    const at = { ref, object, epoch: side.epoch, fromSeq };
    await store.pages.stage({
      ...at,
      pages,
      cursor: next,
      done: next === null,
      bookmark,
      complete,
      traffic: used,
    });
    Object.assign(told, traffic);
    for (const records of pages) {
      await handover.offer({ seq: position, origin: 'fetch', records });
      position += 1;
    }
  });
  let asked = position;
  let answered = false;
  try {
    for await (const answer of answersOf(args, () => (cursor = null))) {
      answered = true;
      if (answer.next !== undefined && answer.next === cursor) throw cursorLoop(object);
      await stager.add(answer);
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
  if (answered) return;
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
  { object, side, session, allowed, signal }: FetchArgs,
  onRestart: () => void,
): AsyncGenerator<SourcePage> {
  try {
    yield* session.read(object, side.cursor ?? undefined, signal);
    return;
  } catch (error) {
    const isExpired = error instanceof ProviderFailure && error.code === 'cursor_expired';
    if (!isExpired || side.cursor === null || !allowed.includes('cursor_expired')) throw error;
  }
  onRestart();
  yield* session.read(object, undefined, signal);
}

function cursorLoop(object: ObjectName): ProviderFailure {
  return new ProviderFailure(
    'provider_cursor_loop',
    `The provider answered the same position twice for ${object}: going on would never end. What was read so far is kept.`,
  );
}
