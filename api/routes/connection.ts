import { z } from 'zod';
import type { AppDoc } from '../../activities/store/documents.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import { lockOf } from '../../activities/store/app-lock.js';
import { whyNot } from '../actions-view.js';
import { checkCredentials } from '../app-changes.js';
import { ask } from '../ask.js';
import { checkApp } from '../check-app.js';
import { endpoint, type Call } from '../endpoint.js';
import { Problem } from '../errors.js';
import { appOf, describedBy } from '../lookup.js';
import { workerSilent } from '../problem-of.js';
import { readyFiles } from '../ready-files.js';
import { connectionCheck } from '../shapes/app.js';
import { given, id, objectName } from '../shapes/common.js';
import { finding, runKind } from '../shapes/run.js';
import { storeCredentials } from '../store-credentials.js';
import { TemporalUnavailable, WorkerSilent } from '../workflow-gateway.js';

const params = z.strictObject({ appId: id });
const PREFLIGHT_MS = 28_000;

export const putCredentials = endpoint({
  method: 'put',
  path: '/v1/apps/{appId}/credentials',
  tag: 'Apps',
  summary: 'Enter credentials: sealed, stored, then checked',
  description: 'The answer is that of the check, also when it fails. They can never be read again.',
  access: 'admin',
  params,
  body: z.record(z.string(), z.unknown(), 'Must be an object').meta({ writeOnly: true }),
  answersWithinMs: 31_000,
  answers: { 200: { description: 'What the check found', schema: connectionCheck } },
  errors: ['not_found', 'action_not_supported', 'worker_unavailable', 'temporal_unavailable'],
  async handle(call) {
    const app = await appOf(call);
    const description = describedBy(call.deps.descriptions, app.providerId);
    await storeCredentials(call, app, checkCredentials(description, call.body, 'body'));
    try {
      return { status: 200, body: await checkApp(call.deps, app) };
    } catch (error) {
      throw storedUnchecked(error);
    }
  },
});

function storedUnchecked(error: unknown): unknown {
  const retry = { 'Retry-After': '5' };
  const say = (who: string): string =>
    `The credentials were stored. ${who}, so they are not checked yet: POST /v1/apps/{appId}/check later.`;
  if (error instanceof WorkerSilent) {
    return new Problem('worker_unavailable', say('No worker answered in time'), { stored: true }, retry);
  }
  if (error instanceof TemporalUnavailable) {
    return new Problem('temporal_unavailable', say('Temporal did not answer'), { stored: true }, retry);
  }
  return error;
}

export const checkConnection = endpoint({
  method: 'post',
  path: '/v1/apps/{appId}/check',
  tag: 'Apps',
  summary: 'Test the connection at the provider now',
  description: 'Within 30 s, whatever the host does. Success resumes a run that parked for this reason.',
  access: 'operator',
  params,
  answersWithinMs: 31_000,
  answers: { 200: { description: 'What was found', schema: connectionCheck } },
  errors: ['not_found', 'worker_unavailable', 'temporal_unavailable'],
  async handle(call) {
    return { status: 200, body: await checkApp(call.deps, await appOf(call)) };
  },
});

const preflight = z
  .looseObject({
    blockers: z.array(finding),
    warnings: z.array(finding),
    account: z.looseObject({}).nullable(),
    totals: z.looseObject({}),
    duplicates: z.looseObject({}),
    sentence: z
      .string()
      .meta({ description: 'What will happen to known, new and duplicate records, in words' }),
  })
  .meta({ id: 'Preflight' });

export const preflightApp = endpoint({
  method: 'post',
  path: '/v1/apps/{appId}/preflight',
  tag: 'Apps',
  summary: 'What a run would meet, without making one',
  access: 'operator',
  params,
  body: z.strictObject({
    objects: z.array(objectName).min(1).optional(),
    kind: runKind.optional().meta({ description: 'What would be started; an import if left out' }),
  }),
  answersWithinMs: 31_000,
  answers: { 200: { description: 'What was found', schema: preflight } },
  errors: ['not_found', 'object_out_of_scope', 'worker_unavailable', 'temporal_unavailable'],
  async handle(call) {
    const app = await appOf(call);
    const objects = call.body.objects ?? null;
    const outside = objects?.filter((object) => !app.scope.includes(object)) ?? [];
    if (outside.length > 0) {
      throw new Problem(
        'object_out_of_scope',
        `${outside.join(', ')}: not in this app's scope (${app.scope.join(', ')}). Nothing was looked at. Leave it out, or add it to the scope.`,
        { objects: outside, scope: app.scope },
      );
    }
    const no = call.body.kind === 'sync' ? await refusalOfSync(call.deps, app) : null;
    if (no) return { status: 200, body: blockedBy(no.code, `${no.message} Nothing would be moved.`) };
    const looked = await objectsToLookAt(call.deps, app, objects);
    if (looked instanceof Problem)
      return { status: 200, body: blockedBy(looked.code, looked.message, looked.fields) };
    const { workspaceId, appId } = app;
    const question = {
      about: 'preflight',
      workspaceId,
      appId,
      objects: looked,
      ...given({ kind: call.body.kind }),
    } as const;
    const answer = await ask(call.deps, question, PREFLIGHT_MS);
    if (!answer) throw workerSilent();
    if ('result' in answer) return { status: 200, body: answer.result };
    return { status: 200, body: blockedBy(answer.error.code, answer.error.message) };
  },
});

/** What a start would be refused for without asking the provider. */
async function refusalOfSync(deps: Call['deps'], app: AppDoc): Promise<ReturnType<typeof whyNot>> {
  const description = describedBy(deps.descriptions, app.providerId);
  const [live, lock] = await Promise.all([
    deps.store.runs.live(app.workspaceId, app.appId),
    lockOf(deps, app),
  ]);
  return whyNot('sync', app, description, live, lock);
}

/** A file app's run moves what it has files for; what a start would refuse is a blocker here. */
export async function objectsToLookAt(
  deps: Call['deps'],
  app: AppDoc,
  asked: ObjectName[] | null,
): Promise<ObjectName[] | null | Problem> {
  if (!describedBy(deps.descriptions, app.providerId).auth.includes('file')) return asked;
  try {
    return await readyFiles(deps, app, asked);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

function blockedBy(
  code: string,
  message: string,
  fields: Record<string, unknown> = {},
): z.infer<typeof preflight> {
  const blockers = [{ ...fields, code, message }];
  return { blockers, warnings: [], account: null, totals: {}, duplicates: {}, sentence: message };
}
