import { setTimeout as sleep } from 'node:timers/promises';
import { MongoError, WriteConcern, type ClientSession } from 'mongodb';
import type { Database } from './collections.js';
import { isUnreachable } from './errors.js';

/** How long one transaction is tried again before its caller hears of it. */
const PATIENCE_MS = 10_000;
/** Writers that live give way sooner: after so many tries (about a third of a second) a dead one may be in the way. */
const UNUSUAL = 6;

/** An open transaction: what its writes need. */
export interface Tx {
  database: Database;
  session: ClientSession;
}

/**
 * Runs `body` in one transaction: all of it is stored by a majority, in the journal, or nothing is. `body` runs again when the
 * server says that nothing was written and another try may help (a write conflict, a change of primary), so it must compute
 * everything it writes from what it reads in there. A commit whose answer was lost is committed again, which the server
 * recognises; where it no longer can, `body` runs again and finds its own guards moved.
 */
export async function transact<T>(database: Database, body: (tx: Tx) => Promise<T>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  const session = database.client.startSession();
  try {
    return await database.writers.during(session, async () => {
      for (let attempt = 0; ; attempt += 1) {
        const outcome = await attemptOnce({ database, session }, body, deadline);
        if (outcome.done) return outcome.value;
        if (attempt >= UNUSUAL) await database.writers.endSilent();
        await sleep(pause(attempt));
      }
    });
  } finally {
    await session.endSession();
  }
}

type Outcome<T> = { done: true; value: T } | { done: false };

async function attemptOnce<T>(tx: Tx, body: (tx: Tx) => Promise<T>, deadline: number): Promise<Outcome<T>> {
  tx.session.startTransaction({
    readConcern: { level: 'snapshot' },
    writeConcern: new WriteConcern('majority', undefined, true),
    readPreference: 'primary',
  });
  let value: T;
  try {
    value = await body(tx);
  } catch (error) {
    await abort(tx.session);
    if (hasLabel(error, 'TransientTransactionError') && Date.now() < deadline) return { done: false };
    throw error;
  }
  return (await commit(tx.session, deadline)) ? { done: true, value } : { done: false };
}

/** False: nothing was written, the whole may be tried again. */
async function commit(session: ClientSession, deadline: number): Promise<boolean> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await session.commitTransaction();
      return true;
    } catch (error) {
      if (Date.now() >= deadline) throw error;
      if (hasLabel(error, 'UnknownTransactionCommitResult')) await sleep(pause(attempt));
      else if (hasLabel(error, 'TransientTransactionError')) return false;
      else throw error;
    }
  }
}

/** Aborting is a courtesy: a server that does not hear it forgets the transaction by itself. */
async function abort(session: ClientSession): Promise<void> {
  try {
    if (session.inTransaction()) await session.abortTransaction();
  } catch (error) {
    if (!(error instanceof MongoError) && !isUnreachable(error)) throw error;
  }
}

function hasLabel(error: unknown, label: string): boolean {
  return error instanceof MongoError && error.hasErrorLabel(label);
}

/** Grows to 200 ms, and differs between the writers that met. */
function pause(attempt: number): number {
  return Math.min(200, 5 * 2 ** attempt) * (0.5 + Math.random() / 2);
}
