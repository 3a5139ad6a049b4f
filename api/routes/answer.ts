import { z } from 'zod';
import { DECISION_PROBLEMS, decide, liveRunOf } from '../decide.js';
import { endpoint } from '../endpoint.js';
import { runOf } from '../lookup.js';
import { viewRun } from '../run-view.js';
import { given, id, note } from '../shapes/common.js';
import { run } from '../shapes/run.js';

const CHOICES = ['resume', 'skip_object', 'stop', 'full_listing'] as const;

export const answerRun = endpoint({
  method: 'post',
  path: '/v1/runs/{runId}/answer',
  tag: 'Reviews',
  summary: "Answer a run's question",
  access: 'operator',
  params: z.strictObject({ runId: id }),
  body: z.strictObject({
    questionId: z.string().min(1).max(200).meta({ description: "From the run's `attention`" }),
    choice: z.enum(CHOICES, `Must be one of ${CHOICES.join(', ')}`),
    note: note.optional(),
  }),
  idempotency: 'remembered',
  answers: { 202: { description: 'The run', schema: run } },
  errors: [
    'not_found',
    'no_such_question',
    'choice_not_offered',
    'run_ended',
    'run_not_live',
    ...DECISION_PROBLEMS,
  ],
  async handle(call) {
    const { questionId, choice, note: said } = call.body;
    const { actor } = call.caller;
    await decide(call, await liveRunOf(call), (notAfter) => ({
      name: 'answer',
      message: { questionId, choice, notAfter, actor, ...given({ note: said }) },
    }));
    // The run's workflow writes the audit: an answer can come from Temporal's own tools, too.
    return { status: 202, body: await viewRun(call.deps, await runOf(call)) };
  },
});
