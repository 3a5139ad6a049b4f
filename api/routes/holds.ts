import { z } from 'zod';
import { endpoint } from '../endpoint.js';
import { time } from '../shapes/common.js';

const MOST = 1000;

const hold = z
  .object({ runId: z.string(), appId: z.string(), workflowId: z.string(), openedAt: time })
  .meta({ id: 'Hold' });

export const listHolds = endpoint({
  method: 'get',
  path: '/v1/holds',
  tag: 'Runs',
  summary: 'Live holds',
  access: 'viewer',
  answers: {
    200: { description: 'Holds', schema: z.object({ items: z.array(hold), nextCursor: z.null() }) },
  },
  errors: [],
  async handle({ deps, caller }) {
    const live = await deps.store.holds.live(caller.workspaceId, MOST);
    const items = live.map(({ runId, appId, workflowId, openedAt }) => ({
      runId,
      appId,
      workflowId,
      openedAt,
    }));
    return { status: 200, body: { items, nextCursor: null } };
  },
});
