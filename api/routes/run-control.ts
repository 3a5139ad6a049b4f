import { z } from 'zod';
import { cancelRun as cancel } from '../cancel-run.js';
import { DECISION_PROBLEMS, accepted, decide, liveRunOf } from '../decide.js';
import { endpoint } from '../endpoint.js';
import { id } from '../shapes/common.js';
import { run } from '../shapes/run.js';

const common = {
  method: 'post',
  tag: 'Runs',
  access: 'operator',
  params: z.strictObject({ runId: id }),
  idempotency: 'remembered',
  answers: { 202: { description: 'The run', schema: run } },
} as const;

export const pauseRun = endpoint({
  ...common,
  path: '/v1/runs/{runId}/pause',
  summary: 'Pause at the next page',
  errors: ['not_found', 'run_ended', 'run_not_live', 'not_pausable', ...DECISION_PROBLEMS],
  async handle(call) {
    const { actor } = call.caller;
    await decide(call, await liveRunOf(call), (notAfter) => ({
      name: 'pauseRun',
      message: { notAfter, actor },
    }));
    return accepted(call, 'run.paused');
  },
});

export const resumeRun = endpoint({
  ...common,
  path: '/v1/runs/{runId}/resume',
  summary: 'Go on with a paused run',
  errors: ['not_found', 'run_ended', 'run_not_live', 'not_paused', ...DECISION_PROBLEMS],
  async handle(call) {
    const { actor } = call.caller;
    await decide(call, await liveRunOf(call), (notAfter) => ({
      name: 'resumeRun',
      message: { notAfter, actor },
    }));
    return accepted(call, 'run.resumed');
  },
});

export const cancelRun = endpoint({
  ...common,
  path: '/v1/runs/{runId}/cancel',
  summary: 'Cancel at the next page',
  description:
    'Accepted in every status that is not an end, with a worker and Temporal or without: then it takes effect when they are back. What was written stays listed and can be undone.',
  errors: ['not_found', 'run_ended', 'store_unavailable'],
  async handle(call) {
    const live = await liveRunOf(call);
    await cancel(call.deps, live);
    return accepted(call, 'run.cancelled');
  },
});
