import { z } from 'zod';
import type { ProblemFilter } from '../../activities/store/kept.js';
import type { ProblemDoc } from '../../activities/store/run-documents.js';
import { audited, runOf } from '../lookup.js';
import { endpoint } from '../endpoint.js';
import { refuseExpired } from '../refuse-expired.js';
import { problemsAsCsv, sourcesAsCsv } from '../problems-csv.js';
import { given, id, listOf, listQuery, note, objectName, pageOf } from '../shapes/common.js';

const params = z.strictObject({ runId: id });

const position = z
  .union([z.int(), z.string()])
  .meta({ description: 'Line of the file (a number), or place at the provider' });

const problem = z
  .object({
    object: objectName,
    severity: z.enum(['failed', 'skipped', 'warning']),
    code: z.string(),
    externalId: z.string().optional(),
    position: position.optional(),
    field: z.string().optional(),
    value: z.string().optional(),
    message: z.string(),
    count: z.int().optional(),
    samples: z
      .array(z.object({ externalId: z.string().optional(), position: position.optional() }))
      .optional(),
    state: z.enum(['open', 'repaired', 'dismissed']),
  })
  .meta({ id: 'Problem' });

const filters = {
  severity: z.enum(['failed', 'skipped', 'warning'], 'Must be failed, skipped or warning').optional(),
  code: z.string().max(100).optional(),
  object: objectName.optional(),
  state: z.enum(['open', 'repaired', 'dismissed'], 'Must be open, repaired or dismissed').optional(),
};

export const listProblems = endpoint({
  method: 'get',
  path: '/v1/runs/{runId}/problems',
  tag: 'Runs',
  summary: "A run's problems",
  description:
    '`Accept: text/csv` answers them as CSV. `format=source` answers the failed records in their original columns plus `error`, as CSV, to be corrected and uploaded again. Cells that a spreadsheet would take for a formula are defused with an apostrophe.',
  access: 'viewer',
  params,
  query: z.strictObject({
    ...listQuery,
    ...filters,
    format: z.enum(['source'], 'Must be source').optional(),
  }),
  answersWithinMs: null,
  answers: {
    200: { description: 'Problems', schema: listOf(problem), contentTypes: ['application/json', 'text/csv'] },
  },
  errors: ['not_found', 'invalid_cursor', 'source_expired'],
  async handle(call) {
    const run = await runOf(call);
    const { severity, code, object, state, format } = call.query;
    const filter: ProblemFilter = given({ severity, code, object, state });
    if (format === 'source') {
      refuseExpired(run);
      await sourcesAsCsv(call.deps.store, run, filter, call.res);
      return 'streamed';
    }
    if (call.req.accepts(['application/json', 'text/csv']) === 'text/csv') {
      await problemsAsCsv(call.deps.store, run, filter, call.res);
      return 'streamed';
    }
    const { items, nextCursor } = await call.deps.store.problems.list(run, filter, pageOf(call.query));
    return { status: 200, body: { items: items.map(problemView), nextCursor } };
  },
});

/** A line is a number; a place at a provider (an address, say) is what the provider calls it. */
function placed<T extends { position?: string }>(
  at: T,
): Omit<T, 'position'> & { position?: number | string } {
  const { position: place, ...rest } = at;
  if (place === undefined) return rest;
  return { ...rest, position: /^\d{1,15}$/.test(place) ? Number(place) : place };
}

function problemView(problem: ProblemDoc): object {
  return { ...placed(problem), ...(problem.samples && { samples: problem.samples.map(placed) }) };
}

export const dismissProblems = endpoint({
  method: 'post',
  path: '/v1/runs/{runId}/problems/dismiss',
  tag: 'Runs',
  summary: 'Set problems aside: their records no longer count against a sync',
  access: 'operator',
  params,
  body: z
    .strictObject({
      code: z.string().min(1).max(100).optional(),
      externalIds: z.array(z.string().min(1).max(1000)).min(1).max(1000).optional(),
      note: note.min(1, 'Say why'),
    })
    .refine(({ code, externalIds }) => code !== undefined || externalIds !== undefined, {
      message: 'Name a code, or external ids',
    }),
  idempotency: 'remembered',
  answers: { 200: { description: 'How many', schema: z.object({ dismissed: z.int() }) } },
  errors: ['not_found'],
  async handle(call) {
    const run = await runOf(call);
    const { code, externalIds, note: said } = call.body;
    const { actor } = call.caller;
    const dismissed = await call.deps.store.problems.dismiss(run, {
      ...given({ code, externalIds }),
      note: said,
      actor,
    });
    await audited(call, 'problems.dismissed', run.runId, { dismissed, code: code ?? null, note: said });
    return { status: 200, body: { dismissed } };
  },
});
