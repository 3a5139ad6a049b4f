import { z } from 'zod';
import type { AppDoc } from '../../activities/store/documents.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { RunKind } from '../../workflows/contract/status.js';
import { lockOf } from '../../activities/store/app-lock.js';
import { whyNot } from '../actions-view.js';
import { checkCredentials } from '../app-changes.js';
import { runtimeStatus } from '../app-view.js';
import { ask } from '../ask.js';
import { checkApp } from '../check-app.js';
import { endpoint, type Call } from '../endpoint.js';
import { Problem } from '../errors.js';
import { appOf, describedBy } from '../lookup.js';
import { workerSilent } from '../problem-of.js';
import { readyFiles } from '../ready-files.js';
import { appSheet, connectionCheck } from '../shapes/app.js';
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

const sheet = appSheet.shape;
const beforeSync = z.object({
  connection: sheet.connection.pick({ status: true }).optional().meta({ description: 'Of a sync' }),
  runtimeStatus: sheet.runtimeStatus.optional().meta({ description: 'Of a sync, as on the sheet' }),
  lastSyncedAt: sheet.lastSyncedAt.optional().meta({ description: 'Of a sync' }),
  lastError: sheet.lastError.optional().meta({ description: 'Of a sync: what the last run ended with' }),
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
    ...beforeSync.shape,
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
    const sync = call.body.kind === 'sync' ? await lookBeforeSync(call.deps, app) : null;
    const found = sync?.no
      ? blockedBy(sync.no.code, `${sync.no.message} Nothing would be moved.`)
      : await lookedAt(call.deps, app, objects, call.body.kind);
    return { status: 200, body: { ...found, ...sync?.shown } };
  },
});

async function lookedAt(
  deps: Call['deps'],
  app: AppDoc,
  objects: ObjectName[] | null,
  kind: RunKind | undefined,
): Promise<object> {
  const looked = await objectsToLookAt(deps, app, objects);
  if (looked instanceof Problem) return blockedBy(looked.code, looked.message, looked.fields);
  const { workspaceId, appId } = app;
  const question = { about: 'preflight', workspaceId, appId, objects: looked, ...given({ kind }) } as const;
  const answer = await ask(deps, question, PREFLIGHT_MS);
  if (!answer) throw workerSilent();
  return 'result' in answer ? (answer.result as object) : blockedBy(answer.error.code, answer.error.message);
}

interface BeforeSync {
  /** What a start would be refused for without asking the provider. */
  no: ReturnType<typeof whyNot>;
  /** What the sheet says of the app, for whoever looks before a sync. */
  shown: z.infer<typeof beforeSync>;
}

async function lookBeforeSync(deps: Call['deps'], app: AppDoc): Promise<BeforeSync> {
  const description = describedBy(deps.descriptions, app.providerId);
  const [live, lock] = await Promise.all([
    deps.store.runs.live(app.workspaceId, app.appId),
    lockOf(deps, app),
  ]);
  const { lastSyncedAt, lastError } = app;
  return {
    no: whyNot('sync', app, description, live, lock),
    shown: {
      connection: { status: app.login ? 'pending' : app.connection.status },
      ...{ runtimeStatus: runtimeStatus(app, live, lock), lastSyncedAt, lastError },
    },
  };
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
