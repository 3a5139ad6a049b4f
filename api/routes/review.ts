import { z } from 'zod';
import { DECISION_PROBLEMS, accepted, decide, liveRunOf } from '../decide.js';
import { endpoint } from '../endpoint.js';
import { Problem } from '../errors.js';
import { given, id, note, objectName } from '../shapes/common.js';
import { run } from '../shapes/run.js';

const body = z.strictObject({
  object: objectName,
  decision: z.enum(['accept', 'accept_and_stop', 'clean_up'], 'Must be accept, accept_and_stop or clean_up'),
  cleanupBy: z.enum(['sluice', 'person'], 'Must be sluice or person').optional().meta({
    description: 'With clean_up: who undoes it; sluice if left out',
  }),
  then: z.enum(['continue', 'stop'], 'Must be continue or stop').optional(),
  confirmed: z.array(z.string().max(100)).max(100).default([]).meta({
    description: 'Ids of the open checklist items that a person looked at; not needed for clean_up',
  }),
  note: note.optional(),
  release: z.enum(['all', 'drop', 'keep'], 'Must be all, drop or keep').optional(),
});

export const reviewRun = endpoint({
  method: 'post',
  path: '/v1/runs/{runId}/review',
  tag: 'Reviews',
  summary: "Decide on one object's review",
  access: 'operator',
  params: z.strictObject({ runId: id }),
  body,
  idempotency: 'remembered',
  answers: { 202: { description: 'The run', schema: run } },
  errors: [
    'not_found',
    'nothing_to_review',
    'review_incomplete',
    'run_ended',
    'run_not_live',
    ...DECISION_PROBLEMS,
  ],
  async handle(call) {
    const { object, decision, cleanupBy, then, confirmed, note: said, release } = call.body;
    const { actor } = call.caller;
    const live = await liveRunOf(call);
    if (!live.scope.includes(object)) {
      throw new Problem(
        'nothing_to_review',
        `This run does not move ${object}. Nothing was changed. It moves ${live.scope.join(', ')}.`,
        { object: live.attention?.object ?? null },
      );
    }
    await decide(call, live, (notAfter) => ({
      name: 'submitReview',
      message: {
        object,
        decision,
        confirmed,
        notAfter,
        actor,
        ...given({ cleanupBy, then, note: said, release }),
      },
    }));
    return accepted(call, 'run.reviewed', { object, decision, confirmed });
  },
});
