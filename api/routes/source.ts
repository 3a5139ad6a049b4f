import { stringify } from 'lossless-json';
import { z } from 'zod';
import { endpoint } from '../endpoint.js';
import { notFound } from '../errors.js';
import { runOf } from '../lookup.js';
import { refuseExpired } from '../refuse-expired.js';
import { given, id, objectName } from '../shapes/common.js';
import { written } from '../stream.js';

const source = z
  .object({
    object: objectName,
    externalId: z.string(),
    modifiedAt: z.string().optional(),
    position: z.string().optional(),
    data: z.unknown().meta({ description: 'Exactly as the provider sent it' }),
  })
  .meta({ id: 'SourceRecord' });

export const getSource = endpoint({
  method: 'get',
  path: '/v1/runs/{runId}/source/{object}/{externalId}',
  tag: 'Runs',
  summary: 'One source record as it was sent',
  access: 'viewer',
  params: z.strictObject({ runId: id, object: objectName, externalId: z.string().min(1).max(2000) }),
  answers: { 200: { description: 'The source record', schema: source } },
  errors: ['not_found', 'source_expired'],
  async handle(call) {
    const run = await runOf(call);
    refuseExpired(run);
    const { object, externalId } = call.params;
    const record = await call.deps.store.pages.sourceOf(run, object, externalId);
    if (!record) throw notFound(`source record of ${object} in this run`, externalId);
    const { modifiedAt, position, data } = record;
    return { status: 200, body: { object, externalId, ...given({ modifiedAt, position }), data } };
  },
});

export const getBackup = endpoint({
  method: 'get',
  path: '/v1/runs/{runId}/backup',
  tag: 'Runs',
  summary: 'The raw source of a run, as NDJSON',
  description: 'One line `{ object, externalId, seq, data }` for each source record, no digit changed.',
  access: 'viewer',
  params: z.strictObject({ runId: id }),
  answersWithinMs: null,
  answers: { 200: { description: 'NDJSON', contentTypes: ['application/x-ndjson'] } },
  errors: ['not_found', 'source_expired'],
  async handle(call) {
    const run = await runOf(call);
    refuseExpired(run);
    const { res } = call;
    const stop = new AbortController();
    res.on('close', () => stop.abort());
    res.status(200).set({
      'Content-Type': 'application/x-ndjson; charset=utf-8',
      'Content-Disposition': `attachment; filename="backup-${run.runId}.ndjson"`,
    });
    for await (const { object, seq, record } of call.deps.store.pages.stream(run, stop.signal)) {
      const line = stringify({ object, externalId: record.externalId, seq, data: record.data }) ?? '';
      await written(res, `${line}\n`);
      if (res.destroyed) break;
    }
    // Pages that went while they were read would be missing without a word: an answer that is cut off says that it is not whole.
    const after = await call.deps.store.runs.get(run.workspaceId, run.runId);
    if (after?.undoExpired === false) res.end();
    else res.destroy();
    return 'streamed';
  },
});
