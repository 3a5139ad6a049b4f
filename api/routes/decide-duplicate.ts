import { z } from 'zod';
import type { DuplicateFound } from '../../activities/records/page.js';
import type { DecisionDoc } from '../../activities/store/repairing.js';
import { endpoint, type Call } from '../endpoint.js';
import { Problem } from '../errors.js';
import { audited, runOf } from '../lookup.js';
import { id, objectName } from '../shapes/common.js';
import { duplicate, viewDuplicate } from './duplicates.js';
import { refuseExpired } from './repair.js';

const body = z.strictObject({
  decision: z.enum(['update', 'skip', 'create'], 'Must be update, skip or create'),
  recordId: id
    .optional()
    .meta({ description: 'Which record to update; needed where there are several candidates' }),
});

const params = z.strictObject({ runId: id, object: objectName, externalId: z.string().min(1).max(1000) });
type DecideCall = Call<z.output<typeof params>, unknown, z.output<typeof body>>;

export const decideDuplicate = endpoint({
  method: 'put',
  path: '/v1/runs/{runId}/duplicates/{object}/{externalId}',
  tag: 'Reviews',
  summary: 'Decide about one likely duplicate',
  description:
    '`update` ties it to a record and merges, `create` makes a record of its own, `skip` leaves it out. Carried out by the next repair of the run; what the run had written for it is taken back first.',
  access: 'operator',
  params,
  body,
  answers: { 200: { description: 'The duplicate, with the decision', schema: duplicate } },
  errors: ['not_found', 'undo_expired', 'unprocessable'],
  async handle(call) {
    const run = await runOf(call);
    refuseExpired(run);
    const { object, externalId } = call.params;
    const { store } = call.deps;
    const found = await store.repairs.duplicateOf(run, object, externalId);
    if (!found) {
      throw new Problem(
        'not_found',
        `This run lists no duplicate ${JSON.stringify(externalId)} among its ${object}. Nothing was changed. GET /v1/runs/{runId}/duplicates lists them.`,
      );
    }
    const recordId = await recordFor(call, found);
    const { decision } = call.body;
    const decided: DecisionDoc = {
      ...{ workspaceId: run.workspaceId, runId: run.runId, object, externalId, decision, recordId },
      ...{ by: call.caller.actor, at: call.now, appliedAt: null },
    };
    await store.decisions.put(decided);
    await audited(call, 'duplicate.decided', run.runId, { object, externalId, decision, recordId });
    const records = await store.records.byIds(run.workspaceId, found.candidates);
    const byId = new Map(records.map((record) => [record.recordId, record]));
    return { status: 200, body: viewDuplicate({ ...found, object }, byId, decided) };
  },
});

/** Null where no record is meant. Throws where it cannot be told which, or it is none that could be. */
async function recordFor(call: DecideCall, { candidates }: DuplicateFound): Promise<string | null> {
  const { decision, recordId } = call.body;
  if (decision !== 'update') {
    if (recordId === undefined) return null;
    throw refused(`\`recordId\` says which record to update, and the decision is ${decision}.`);
  }
  const [only, another] = candidates;
  const wanted = recordId ?? (another === undefined ? only : undefined);
  if (wanted === undefined) {
    throw refused('There are several candidates: name one of them as `recordId`.', { candidates });
  }
  const [record] = await call.deps.store.records.byIds(call.caller.workspaceId, [wanted]);
  if (record?.object !== call.params.object) {
    throw refused(
      `There is no record ${wanted} among the ${call.params.object}: name one of the candidates.`,
      {
        candidates,
      },
    );
  }
  return wanted;
}

function refused(why: string, more: Record<string, unknown> = {}): Problem {
  return new Problem('unprocessable', `${why} Nothing was changed.`, more);
}
