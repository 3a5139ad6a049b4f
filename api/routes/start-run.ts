import { z } from 'zod';
import type { ProviderDescription } from '../../activities/providers/provider.js';
import { syncable } from '../../activities/providers/provider-sync.js';
import type { AppDoc } from '../../activities/store/documents.js';
import { newRun } from '../../activities/store/new-run.js';
import { inRunOrder, type ObjectName } from '../../workflows/contract/objects.js';
import { isTerminal } from '../../workflows/contract/status.js';
import { endpoint, type Call } from '../endpoint.js';
import { Problem } from '../errors.js';
import { appOf, audited, describedBy } from '../lookup.js';
import { readyFiles } from '../ready-files.js';
import { refuseLocked } from '../retry-lock.js';
import { viewRun } from '../run-view.js';
import { given, id, objectName } from '../shapes/common.js';
import { reviewMode, run, runKind } from '../shapes/run.js';
import { refuseTooMany, refuseWhileLive, startRun as begin } from '../start-run.js';

const body = z.strictObject({
  kind: runKind,
  objects: z.array(objectName).min(1, 'Name at least one object, or leave it out').optional(),
  mode: z.enum(['apply', 'plan'], 'Must be apply or plan').optional(),
  review: reviewMode.optional(),
  options: z
    .strictObject({
      limit: z.int('Must be a whole number from 1').min(1).optional().meta({
        description: 'A test with the first n source records of each object',
      }),
      backupFirst: z.boolean().optional().meta({ description: 'Stage everything before the first write' }),
      automations: z.record(id, z.enum(['hold', 'run', 'drop'])).optional(),
    })
    .optional(),
});

type StartCall = Call<{ appId: string }, unknown, z.output<typeof body>>;

export const startRun = endpoint({
  method: 'post',
  path: '/v1/apps/{appId}/runs',
  tag: 'Runs',
  summary: 'Start a run',
  description:
    'Accepted even while no worker is there: it begins when one comes. What only the provider can tell is found out by the run itself, before anything is written.',
  access: 'operator',
  params: z.strictObject({ appId: id }),
  body,
  idempotency: 'remembered',
  answersWithinMs: 20_000,
  answers: { 202: { description: 'The run', schema: run } },
  errors: [
    'not_found',
    'run_already_active',
    'action_not_supported',
    'connection_not_ready',
    'app_paused',
    'retry_locked',
    'mapping_needed',
    'no_file',
    'file_unreadable',
    'inspection_pending',
    'object_out_of_scope',
    'unprocessable',
    'too_many_runs',
    'temporal_unavailable',
    'store_unavailable',
  ],
  async handle(call) {
    const { deps, caller, token, now } = call;
    const app = await appOf(call);
    // A repeated start: its run was made already, so what was judged then is not judged again.
    const earlier = await deps.store.runs.get(caller.workspaceId, token);
    if (earlier) {
      const again = isTerminal(earlier.status) ? earlier : await begin(deps, earlier);
      await audited(call, 'run.started', again.runId, { appId: app.appId, scope: again.scope });
      return { status: 202, body: await viewRun(deps, again) };
    }
    const scope = await whatToMove(call, app);
    await refuseTooMany(deps, caller.workspaceId);
    const { limit, backupFirst, automations } = call.body.options ?? {};
    const made = await begin(
      deps,
      newRun({
        workspaceId: caller.workspaceId,
        runId: token,
        appId: app.appId,
        providerId: app.providerId,
        kind: call.body.kind,
        createdAt: now,
        startedBy: caller.actor,
        scope,
        options: given({ limit, backupFirst, automations }),
        reviewAsked: call.body.review ?? null,
        mode: call.body.mode ?? 'apply',
      }),
    );
    await audited(call, 'run.started', made.runId, { appId: app.appId, scope });
    return { status: 202, body: await viewRun(deps, made) };
  },
});

/** Everything that is known without asking the provider. Throws the 409s and 422s of a start; nothing was made then. */
async function whatToMove(call: StartCall, app: AppDoc): Promise<ObjectName[]> {
  const { deps, body: asked } = call;
  const description = describedBy(deps.descriptions, app.providerId);
  refuseUnsupported(description, asked);
  const objects = asked.objects ? inRunOrder(asked.objects) : null;
  refuseOutOfScope(app, objects ?? []);
  await refuseWhileLive(deps, app);
  await refuseLocked(deps, app);
  if (app.paused) {
    throw new Problem(
      'app_paused',
      'The app is paused. Nothing was started. Resume the app (POST /v1/apps/{appId}/resume), then start again.',
    );
  }
  refuseUnready(app);
  if (description.auth.includes('file')) return inRunOrder(await readyFiles(deps, app, objects));
  const wanted = objects ?? inRunOrder(app.scope);
  return asked.kind === 'sync' ? syncableOf(description, wanted, objects !== null) : wanted;
}

function refuseUnsupported(description: ProviderDescription, asked: z.output<typeof body>): void {
  if (!description.actions[asked.kind]) {
    const offered = description.actions.import ? 'Start an import instead.' : '';
    throw new Problem(
      'action_not_supported',
      `${description.name} does not offer ${asked.kind}. Nothing was started. ${offered}`.trim(),
      { kind: asked.kind },
    );
  }
  if (asked.mode === 'plan' && asked.kind === 'sync') {
    throw new Problem(
      'unprocessable',
      'Only an import can be planned; a sync is reviewed instead. Nothing was started. Leave `mode` out, or plan an import.',
      { mode: 'plan' },
    );
  }
}

/** What cannot be synced is left out, unless it was asked for by name. */
export function syncableOf(
  description: ProviderDescription,
  wanted: ObjectName[],
  byName: boolean,
): ObjectName[] {
  const able = syncable(description, wanted);
  const unable = wanted.filter((object) => !able.includes(object));
  if (able.length > 0 && (unable.length === 0 || !byName)) return able;
  throw new Problem(
    'action_not_supported',
    `${description.name} does not offer sync of ${unable.join(', ')}. Nothing was started. Leave it out, and import it instead.`,
    { kind: 'sync', objects: unable },
  );
}

function refuseOutOfScope(app: AppDoc, objects: readonly ObjectName[]): void {
  const outside = objects.filter((object) => !app.scope.includes(object));
  if (outside.length === 0) return;
  throw new Problem(
    'object_out_of_scope',
    `${outside.join(', ')}: not in this app's scope (${app.scope.join(', ')}). Nothing was started. Leave it out, or add it to the scope.`,
    { objects: outside, scope: app.scope },
  );
}

function refuseUnready({ connection, login }: AppDoc): void {
  if (connection.status === 'ready') return;
  if (login) {
    throw new Problem(
      'connection_not_ready',
      `The connection is pending: ${login.by.name} logged in as ${login.account.name} and has to confirm it. Nothing was started. Confirm (POST /v1/apps/{appId}/connect/confirm), then start again.`,
      { connection: 'pending', problems: connection.problems },
    );
  }
  const why = connection.problems[0]?.message;
  throw new Problem(
    'connection_not_ready',
    `The connection is ${connection.status}${why ? `: ${why}` : '.'} Nothing was started. Enter credentials (PUT /v1/apps/{appId}/credentials) or check it (POST /v1/apps/{appId}/check), then start again.`,
    { connection: connection.status, problems: connection.problems },
  );
}
