import type { RunDoc } from '../activities/store/run-documents.js';
import { isTerminal } from '../workflows/contract/status.js';
import type { Call } from './endpoint.js';
import { Problem } from './errors.js';
import { audited, runOf } from './lookup.js';
import type { Reply } from './reply.js';
import { viewRun } from './run-view.js';
import { MessageRefused, type RunMessage } from './workflow-gateway.js';

/** What any decision may be refused with, besides its own reasons. */
export const DECISION_PROBLEMS = [
  'run_ending',
  'decision_expired',
  'worker_unavailable',
  'temporal_unavailable',
  'store_unavailable',
] as const;

/** No decision takes effect later than this after it was sent. */
const DECISION_LIVES_MS = 60_000;

/**
 * Sends a decision to the run's workflow and answers 202 with the run. The token is the update's id, so a repeated request takes
 * effect once. `message` is made with the time after which the workflow refuses it.
 */
export async function decide(
  call: Call<{ runId: string }>,
  run: RunDoc,
  message: (notAfter: string) => RunMessage,
): Promise<void> {
  const notAfter = new Date(call.deps.clock().getTime() + DECISION_LIVES_MS).toISOString();
  const send = (): Promise<void> => call.deps.workflows.send(run, message(notAfter), call.token);
  try {
    await send();
  } catch (error) {
    // An earlier request with this token waited for a worker until it expired; this one is fresh.
    if (!(error instanceof MessageRefused) || error.code !== 'decision_expired') throw error;
    await send();
  }
}

/** Throws `run_ended` where there is nothing left to decide. */
export async function liveRunOf(call: Call<{ runId: string }>): Promise<RunDoc> {
  const run = await runOf(call);
  if (isTerminal(run.status)) throw runEnded(run);
  return run;
}

export function runEnded(run: RunDoc): Problem {
  return new Problem(
    'run_ended',
    `The run has ended (${run.status}). Nothing was changed. What it wrote can still be undone with POST /v1/runs/{runId}/cleanup.`,
    { status: run.status },
  );
}

export async function accepted(
  call: Call<{ runId: string }>,
  action: string,
  detail: Record<string, unknown> = {},
): Promise<Reply> {
  await audited(call, action, call.params.runId, detail);
  return { status: 202, body: await viewRun(call.deps, await runOf(call)) };
}
