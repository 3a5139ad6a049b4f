import { z } from 'zod';
import type { WorkspaceDoc } from '../../activities/store/documents.js';
import { DEFAULT_WORKSPACE, hashKey } from '../auth.js';
import { endpoint } from '../endpoint.js';
import { Problem, notFound } from '../errors.js';
import { audited } from '../lookup.js';
import { makeKey } from '../secrets.js';
import { listOf, listQuery, pageOf, time } from '../shapes/common.js';

/** Lower case, so that no two ids look alike; begins every key in the database. */
const workspaceId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'Must be 1 to 63 of a-z, 0-9 and -');

const workspace = z
  .object({ workspaceId: z.string(), name: z.string(), country: z.string().nullable(), createdAt: time })
  .meta({ id: 'Workspace' });

const newWorkspace = z
  .object({
    ...workspace.shape,
    adminKey: z.string().meta({ description: "The workspace's first key, shown this once" }),
  })
  .meta({ id: 'NewWorkspace' });

export const listWorkspaces = endpoint({
  method: 'get',
  path: '/v1/workspaces',
  tag: 'Workspace',
  summary: 'Workspaces of this deployment',
  access: 'owner',
  query: z.strictObject(listQuery),
  answers: { 200: { description: 'Workspaces', schema: listOf(workspace) } },
  errors: ['invalid_cursor'],
  async handle({ deps, query }) {
    return { status: 200, body: await deps.store.workspaces.list(pageOf(query)) };
  },
});

export const addWorkspace = endpoint({
  method: 'post',
  path: '/v1/workspaces',
  tag: 'Workspace',
  summary: 'Make a workspace and its first admin key',
  access: 'owner',
  body: z.strictObject({
    workspaceId: workspaceId.optional(),
    name: z.string().trim().min(1).max(200).optional(),
    country: z
      .string()
      .regex(/^[A-Z]{2}$/, 'Must be an ISO 3166 alpha-2 code such as DE')
      .optional()
      .meta({ description: 'How phone numbers without a country code are read' }),
  }),
  idempotency: 'made_again',
  answers: { 201: { description: 'The workspace and its key', schema: newWorkspace } },
  errors: ['already_exists'],
  async handle(call) {
    const { deps, caller, body, token, now } = call;
    const id = body.workspaceId ?? token;
    const doc: WorkspaceDoc = {
      workspaceId: id,
      name: body.name ?? id,
      country: body.country ?? null,
      createdAt: now,
    };
    const adminKey = makeKey(deps.settings.secretKey, 'workspace', token);
    if (!(await deps.store.workspaces.insert(doc))) {
      // The first key's id is the request's token: it tells a repeated request from a taken id.
      const own = await deps.store.keys.get(id, token);
      const there = await deps.store.workspaces.get(id);
      if (own && there) return { status: 201, body: { ...there, adminKey } };
      throw new Problem(
        'already_exists',
        `There is a workspace ${JSON.stringify(id)} already. Nothing was made. Choose another id.`,
      );
    }
    await deps.store.keys.insert({
      workspaceId: id,
      keyId: token,
      name: 'First admin',
      role: 'admin',
      actAs: false,
      hash: hashKey(adminKey),
      createdAt: now,
      createdBy: caller.actor,
      revokedAt: null,
    });
    await audited(call, 'workspace.made', id, { name: doc.name });
    return { status: 201, body: { ...doc, adminKey } };
  },
});

export const removeWorkspace = endpoint({
  method: 'delete',
  path: '/v1/workspaces/{workspaceId}',
  tag: 'Workspace',
  summary: 'Remove a workspace with everything in it',
  access: 'owner',
  params: z.strictObject({ workspaceId }),
  answersWithinMs: 120_000,
  answers: { 204: { description: 'Removed' } },
  errors: ['not_found', 'workspace_in_use'],
  async handle(call) {
    const { deps, params } = call;
    if (params.workspaceId === DEFAULT_WORKSPACE) {
      throw new Problem(
        'workspace_in_use',
        'The workspace "default" is the owner\'s own and stays. Nothing was removed.',
      );
    }
    if (!(await deps.store.workspaces.get(params.workspaceId)))
      throw notFound('workspace', params.workspaceId);
    for (const status of ['running', 'paused', 'needs_attention'] as const) {
      const { items } = await deps.store.runs.list(params.workspaceId, { status }, { limit: 1 });
      if (items[0]) {
        throw new Problem(
          'workspace_in_use',
          `Run ${items[0].runId} of this workspace is live. Nothing was removed. Cancel its runs, then remove it.`,
          { runId: items[0].runId },
        );
      }
    }
    await deps.store.workspaces.remove(params.workspaceId);
    await audited(call, 'workspace.removed', params.workspaceId);
    return { status: 204 };
  },
});
