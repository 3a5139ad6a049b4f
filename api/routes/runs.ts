import { z } from 'zod';
import type { RunFilter } from '../../activities/store/store.js';
import { endpoint, type Call } from '../endpoint.js';
import { appOf, runOf } from '../lookup.js';
import type { Reply } from '../reply.js';
import { viewRun } from '../run-view.js';
import { given, id, listOf, listQuery, pageOf } from '../shapes/common.js';
import { run, runKind, runStatus } from '../shapes/run.js';

const filters = { status: runStatus.optional(), kind: runKind.optional() };

export const listRuns = endpoint({
  method: 'get',
  path: '/v1/runs',
  tag: 'Runs',
  summary: 'Runs of the workspace, newest first',
  access: 'viewer',
  query: z.strictObject({ ...listQuery, ...filters, appId: id.optional() }),
  answers: { 200: { description: 'Runs', schema: listOf(run) } },
  errors: ['invalid_cursor'],
  handle: (call) => listed(call, given({ appId: call.query.appId })),
});

export const listAppRuns = endpoint({
  method: 'get',
  path: '/v1/apps/{appId}/runs',
  tag: 'Runs',
  summary: "An app's runs, newest first",
  access: 'viewer',
  params: z.strictObject({ appId: id }),
  query: z.strictObject({ ...listQuery, ...filters }),
  answers: { 200: { description: 'Runs', schema: listOf(run) } },
  errors: ['not_found', 'invalid_cursor'],
  async handle(call) {
    const { appId } = await appOf(call);
    return listed(call, { appId });
  },
});

type Listing = Pick<RunFilter, 'status' | 'kind'> & {
  limit?: number | undefined;
  cursor?: string | undefined;
};

async function listed(
  call: Call<unknown, { [K in keyof Listing]?: Listing[K] | undefined }>,
  filter: RunFilter,
): Promise<Reply> {
  const { deps, caller, query } = call;
  const { status, kind } = query;
  const found = await deps.store.runs.list(
    caller.workspaceId,
    { ...filter, ...given({ status, kind }) },
    pageOf(query),
  );
  const items = await Promise.all(found.items.map((each) => viewRun(deps, each)));
  return { status: 200, body: { items, nextCursor: found.nextCursor } };
}

export const getRun = endpoint({
  method: 'get',
  path: '/v1/runs/{runId}',
  tag: 'Runs',
  summary: 'One run',
  access: 'viewer',
  params: z.strictObject({ runId: id }),
  answers: { 200: { description: 'The run', schema: run } },
  errors: ['not_found'],
  async handle(call) {
    return { status: 200, body: await viewRun(call.deps, await runOf(call)) };
  },
});
