import { setTimeout as sleep } from 'node:timers/promises';
import type { ObjectName } from '../../../workflows/contract/objects.js';
import type { TurnHeld, Turns } from '../moving.js';
import type { Database, LeaseStored } from './collections.js';
import { isDuplicateKey } from './errors.js';
import { idOf } from './ids.js';
import { ask, leave, NO_LEASE, renew, TURN_TIMES, type Lease, type TurnTimes } from './turn-queue.js';

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 100;

/**
 * The lease and the counter are two documents: only commits touch the counter, and only those who wait or hold touch the lease,
 * so that a crowd of waiters never makes a page's transaction fail. The lease keeps the order fair; the counter, which every
 * commit under the turn checks and raises, is what makes it safe when a holder was frozen and its lease went on.
 */
export function createTurns(database: Database, times: TurnTimes = TURN_TIMES): Turns {
  return {
    async acquire(workspaceId, object, holder, signal) {
      const key = idOf(workspaceId, object);
      try {
        for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
          signal.throwIfAborted();
          const taken = await change(database, key, (lease, now) => {
            const asked = ask(lease, holder, now, times);
            return { next: asked.changed ? asked.lease : null, answer: asked.taken };
          });
          if (taken) return await withCounter(database, { workspaceId, object, holder });
          await nap(pause, signal);
        }
      } catch (error) {
        if (signal.aborted) await forget(database, key, holder);
        throw error;
      }
    },
    async renew(turn) {
      const { workspaceId, object, holder } = turn;
      const renewed = await change(database, idOf(workspaceId, object), (lease, now) => {
        const kept = renew(lease, holder, now, times);
        return { next: kept?.changed ? kept.lease : null, answer: kept };
      });
      if (!renewed) return null;
      return { turn: await withCounter(database, { workspaceId, object, holder }), wanted: renewed.wanted };
    },
    release: ({ workspaceId, object, holder }) => forget(database, idOf(workspaceId, object), holder),
  };
}

async function forget(database: Database, key: string, holder: string): Promise<void> {
  await change(database, key, (lease) => ({ next: leave(lease, holder), answer: null }));
}

/** Aborting rethrows the signal's own reason. */
async function nap(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

/** Read after the lease is ours and before anything is looked up: a commit of anybody else since then is a conflict. */
async function withCounter(
  database: Database,
  turn: { workspaceId: string; object: ObjectName; holder: string },
): Promise<TurnHeld> {
  const counters = database.collection('turnCounters');
  const _id = idOf(turn.workspaceId, turn.object);
  const found = await counters.findOne({ _id });
  if (found) return { ...turn, counter: found.counter };
  await insertNew(() => counters.insertOne({ _id, counter: 0 }));
  return withCounter(database, turn);
}

/**
 * Reads the lease with the server's time, and writes what `decide` makes of it if nobody changed it meanwhile. A lease may be lost
 * with its server (the counter stays), so it does not wait for a majority.
 */
async function change<T>(
  database: Database,
  key: string,
  decide: (lease: Lease, now: Date) => { next: Lease | null; answer: T },
): Promise<T> {
  const turns = database.collection('turns');
  for (;;) {
    const [found] = await turns
      .aggregate<LeaseStored & { now: Date }>([{ $match: { _id: key } }, { $set: { now: '$$NOW' } }])
      .toArray();
    if (!found) {
      await insertNew(() => turns.insertOne({ _id: key, revision: 0, ...NO_LEASE }));
      continue;
    }
    const { now, revision, _id, ...lease } = found;
    const { next, answer } = decide(lease, now);
    if (!next) return answer;
    const written = await turns.replaceOne(
      { _id, revision },
      { revision: revision + 1, ...next },
      { writeConcern: { w: 1 } },
    );
    if (written.matchedCount === 1) return answer;
  }
}

async function insertNew(insert: () => Promise<unknown>): Promise<void> {
  try {
    await insert();
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
}
