import { Context } from '@temporalio/activity';
import type { Parked, SliceEnd } from '../../workflows/contract/activities.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import { FAILURES } from '../../workflows/contract/failures.js';
import type { FailureInfo } from '../../workflows/contract/failures.js';
import type { ActivityDeps } from '../deps.js';
import { markConnection } from '../mark-connection.js';
import { nextTry } from '../next-try.js';
import { asApplicationFailure, understand, type Understood } from '../failures.js';

/** So often the unexpected is tried again before it is called a bug. */
const TRIES_OF_THE_UNEXPECTED = 4;

/** What a slice answers to anything thrown in it. What Temporal shall retry by itself is thrown on. */
export async function sliceEndOf(
  deps: ActivityDeps,
  error: unknown,
  at: { ref: RunRef; object: ObjectName; signal: AbortSignal },
): Promise<SliceEnd> {
  if (at.signal.aborted) throw at.signal.reason;
  const failure = understand(error);
  const { code, message } = failure;
  switch (FAILURES[code]) {
    case 'retry':
      if (code === 'store_unavailable') throw asApplicationFailure(failure);
      return { state: 'wait', until: await waitUntil(deps, failure, at), code };
    case 'reconnect':
      await markConnection(deps, at.ref, failure);
      return { state: 'parked', parked: reconnect(failure) };
    case 'ask':
      return {
        state: 'parked',
        parked: { reason: 'question', code, message, choices: choicesFor(code) },
      };
    case 'record':
    case 'stop':
      if (code === 'bug' && Context.current().info.attempt < TRIES_OF_THE_UNEXPECTED) {
        deps.log.error({ runId: at.ref.runId, object: at.object, code, ...whereOf(error) }, message);
        throw asApplicationFailure(failure);
      }
      await noteError(deps, at, { code, message });
      return { state: 'failed', failure: { code, message } };
  }
}

/** The object may be reviewed before the run closes: whoever looks at it then must see why it stopped. */
async function noteError(
  { store, now }: ActivityDeps,
  { ref, object }: { ref: RunRef; object: ObjectName },
  failure: FailureInfo,
): Promise<void> {
  const lastError = { ...failure, object, step: 'transfer' as const, at: now().toISOString() };
  await store.runs.patch(ref.workspaceId, ref.runId, { lastError });
}

/** Kind and place of an unknown error. Its message is left out: it may quote what must not be in a log. */
function whereOf(error: unknown): { error: string; at: string[] } {
  if (!(error instanceof Error)) return { error: typeof error, at: [] };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { error: error.name, at: frames.map((line) => line.trim()) };
}

async function waitUntil(
  deps: ActivityDeps,
  failure: Understood,
  at: { ref: RunRef; object: ObjectName },
): Promise<string> {
  const sides = await deps.store.transfers.get(at.ref, at.object);
  const run = await deps.store.runs.get(at.ref.workspaceId, at.ref.runId);
  const moved = sides?.apply.lastAt ?? run?.startedAt ?? deps.now().toISOString();
  return nextTry(failure, moved, deps.now());
}

function reconnect({ code, message }: Understood): Parked {
  return {
    reason: code === 'permission_missing' ? 'permission' : 'reconnect',
    code,
    message,
    choices: ['resume', 'skip_object', 'stop'],
  };
}

function choicesFor(code: Understood['code']): Parked['choices'] {
  return code === 'cursor_expired'
    ? ['full_listing', 'skip_object', 'stop']
    : ['resume', 'skip_object', 'stop'];
}
