import {
  MongoError,
  MongoNetworkError,
  MongoNotConnectedError,
  MongoServerError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
} from 'mongodb';
import { StoreUnavailable } from '../store.js';

/** Something that was read changed meanwhile; the transaction leaves nothing behind. Never leaves this folder. */
export class Conflict extends Error {}

const DUPLICATE_KEY = 11000;
/** A server that steps down, starts, stops or takes too long; the driver has already tried again where it could. */
const PASSING = new Set([6, 7, 50, 64, 89, 91, 112, 189, 251, 262, 9001, 10107, 11600, 11602, 13435, 13436]);

export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY;
}

export function isUnreachable(error: unknown): boolean {
  return (
    error instanceof MongoServerSelectionError ||
    error instanceof MongoNetworkError ||
    error instanceof MongoNotConnectedError ||
    error instanceof MongoTopologyClosedError ||
    (error instanceof MongoError &&
      /^Mongo(PoolCleared|PoolClosed|WaitQueueTimeout|ClientClosed|ServerClosed|StalePrimary)/.test(
        error.name,
      ))
  );
}

/** Whether the same call may succeed a little later without anybody doing anything. */
function isPassing(error: unknown): boolean {
  if (isUnreachable(error)) return true;
  if (!(error instanceof MongoError)) return false;
  if (error.hasErrorLabel('TransientTransactionError') || error.hasErrorLabel('RetryableWriteError'))
    return true;
  return error instanceof MongoServerError && typeof error.code === 'number' && PASSING.has(error.code);
}

/**
 * What callers see of a database error. The original is not kept as `cause`: it can carry the address with its password, and
 * errors of activities enter history.
 */
export function translated(error: unknown): unknown {
  if (!isPassing(error)) return error;
  const why = error instanceof MongoServerError ? `code ${String(error.code)}` : 'no answer';
  return new StoreUnavailable(
    `The record store did not do what was asked (${why}). Whether anything was written is not known; ` +
      'asking again is safe. Check that the store is running and can be reached.',
  );
}
