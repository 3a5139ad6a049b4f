import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { ZodError } from 'zod';
import { FAILURES, isFailureCode } from '../workflows/contract/failures.js';
import type { FailureCode, FailureInfo, Recovery } from '../workflows/contract/failures.js';
import { ProviderFailure } from './providers/provider.js';
import { Fenced } from './store/moving.js';
import { StoreUnavailable } from './store/store.js';

/** Anything thrown, understood: what to show, what to do about it, and when to ask again at the earliest. */
export interface Understood extends FailureInfo {
  recovery: Recovery;
  retryAt: Date | undefined;
}

/** Messages can quote what somebody sent; a thousand characters are enough to be understood. */
const LONGEST_MESSAGE = 1_000;
/** Temporal takes 0 for "do not retry". */
const SHORTEST_DELAY_MS = 1_000;

/**
 * The one place where thrown things get their code. Only words written by us are shown: of everything else the kind of
 * error is named and no more, because its message may carry a record, a secret or a body.
 */
export function understand(thrown: unknown): Understood {
  if (thrown instanceof ProviderFailure) return known(thrown.code, thrown.message, thrown.retryAt);
  if (thrown instanceof ApplicationFailure) return fromApplicationFailure(thrown);
  if (thrown instanceof Fenced) return known('superseded', WORDS.superseded);
  if (thrown instanceof StoreUnavailable) return known('store_unavailable', WORDS.store);
  if (thrown instanceof ZodError) return known('provider_contract_broken', shapeWords(thrown));
  if (!(thrown instanceof Error)) return known('bug', bugWords('something that is no error'));
  if (isStoreTrouble(thrown)) return known('store_unavailable', WORDS.store);
  if (codeOf(thrown) === 'ENOSPC') return known('store_unavailable', WORDS.disk);
  if (thrown instanceof CancelledFailure || thrown.name === 'AbortError' || thrown.name === 'TimeoutError') {
    return known('timeout', WORDS.timeout);
  }
  if (NETWORK.has(codeOf(thrown))) return known('provider_unavailable', WORDS.network);
  return known('bug', bugWords(thrown.name));
}

/**
 * The same as an error that may cross into Temporal's history: type = code, no cause, no stack of ours. Temporal repeats
 * what waiting can cure, and bugs (the caller bounds those); everything else goes to a person or ends the run.
 */
export function asApplicationFailure(failure: Understood, now: number = Date.now()): ApplicationFailure {
  const { code, message, recovery, retryAt } = failure;
  const delay = retryAt === undefined ? undefined : Math.max(retryAt.getTime() - now, SHORTEST_DELAY_MS);
  return ApplicationFailure.create({
    type: code,
    message,
    nonRetryable: recovery !== 'retry' && code !== 'bug',
    ...(delay === undefined ? {} : { nextRetryDelay: delay }),
  });
}

/** What an activity throws for anything it caught: a cancellation as it is, everything else understood. */
export function asActivityError(thrown: unknown): Error {
  if (thrown instanceof CancelledFailure) return thrown;
  // Our own, thrown on purpose with its own decision on retries.
  if (thrown instanceof ApplicationFailure && isFailureCode(thrown.type ?? '')) return thrown;
  return asApplicationFailure(understand(thrown));
}

function known(code: FailureCode, message: string, retryAt?: Date): Understood {
  const shown = message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE - 1)}…` : message;
  return { code, message: shown, recovery: FAILURES[code], retryAt };
}

function fromApplicationFailure(failure: ApplicationFailure): Understood {
  const code = failure.type ?? '';
  if (isFailureCode(code)) return known(code, failure.message);
  return known('bug', bugWords(failure.name));
}

const WORDS = {
  superseded:
    'Somebody newer took over (another attempt, an undo or a close), so this attempt stopped without writing. Nothing needs doing.',
  store:
    'The store could not be reached or did not answer in time. What was applied before stays; it is tried again by itself. ' +
    'If this lasts, check that the database is up.',
  disk: 'The disk is full. What was applied before stays; it goes on by itself once there is room. Free some space on the machine.',
  timeout:
    'A step took longer than it may and was stopped. What was applied before stays; it is tried again by itself.',
  network:
    'A connection could not be made or broke. What was applied before stays; it is tried again by itself.',
} as const;

function bugWords(kind: string): string {
  return (
    `Sluice met an error that it does not know (${kind}). What was applied before stays and can be undone. ` +
    "The worker's log has the details under this run's id: please report them, then start again."
  );
}

/** Where the shape differs, without any value. */
function shapeWords(error: ZodError): string {
  const places = error.issues
    .slice(0, 3)
    .map(({ path, code }) => `${path.map(String).join('.') || '(top)'}: ${code}`);
  return (
    `An answer did not have the shape that was expected (${places.join('; ')}). ` +
    'Check the settings of the app; if they are right, the provider changed and Sluice must follow.'
  );
}

/** MongoDB's errors by name, so that only the store imports its driver. */
const STORE_ERRORS = new Set([
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoServerSelectionError',
  'MongoNotConnectedError',
  'MongoPoolClearedError',
  'MongoPoolClosedError',
  'MongoTopologyClosedError',
  'MongoClientClosedError',
  'MongoWaitQueueTimeoutError',
  'MongoOperationTimeoutError',
  'MongoExpiredSessionError',
  'MongoWriteConcernError',
]);
/** Labels by which a MongoDB server says: the same again may work. */
const STORE_LABELS = ['TransientTransactionError', 'RetryableWriteError', 'UnknownTransactionCommitResult'];
/**
 * Codes of a server that steps down, shuts down, is busy or has no room. Source: MongoDB's error codes list, categories
 * NetworkError, NotPrimaryError, ShutdownError and Interruption.
 */
const STORE_CODES = new Set([
  6, 7, 89, 91, 112, 134, 189, 251, 262, 317, 358, 384, 9001, 10107, 11600, 11602, 13435, 13436, 14031, 24,
]);

function isStoreTrouble(error: Error): boolean {
  if (STORE_ERRORS.has(error.name)) return true;
  if (!error.name.startsWith('Mongo')) return false;
  if ('errorLabels' in error && Array.isArray(error.errorLabels)) {
    const labels: unknown[] = error.errorLabels;
    if (STORE_LABELS.some((label) => labels.includes(label))) return true;
  }
  return 'code' in error && typeof error.code === 'number' && STORE_CODES.has(error.code);
}

const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
