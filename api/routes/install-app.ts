import { z } from 'zod';
import { emptyMapping } from '../../activities/records/effective-mapping.js';
import { defaultPolicies, policiesPatchSchema } from '../../activities/records/policies.js';
import type { AppDoc } from '../../activities/store/documents.js';
import {
  changePolicies,
  checkCredentials,
  checkScope,
  checkSettings,
  freshConnection,
} from '../app-changes.js';
import { viewApp } from '../app-view.js';
import { checkApp } from '../check-app.js';
import { endpoint, type Call } from '../endpoint.js';
import { audited, describedBy } from '../lookup.js';
import { appSheet } from '../shapes/app.js';
import { objectName } from '../shapes/common.js';
import { storeCredentials } from '../store-credentials.js';
import { TemporalUnavailable, WorkerSilent } from '../workflow-gateway.js';

const body = z.strictObject({
  providerId: z.string().min(1).max(100),
  name: z.string().trim().min(1).max(200).optional(),
  settings: z.record(z.string(), z.unknown()).optional(),
  credentials: z.record(z.string(), z.unknown()).optional().meta({ writeOnly: true }),
  scope: z.array(objectName).min(1, 'Name at least one object, or leave it out').optional(),
  policies: policiesPatchSchema.optional(),
});

export const installApp = endpoint({
  method: 'post',
  path: '/v1/apps',
  tag: 'Apps',
  summary: 'Install a provider',
  description:
    'Credentials, where given, are sealed and checked: `connection` says how that went. The app is installed also when the check fails.',
  access: 'admin',
  body,
  idempotency: 'remembered',
  answersWithinMs: 31_000,
  answers: { 201: { description: 'The app', schema: appSheet } },
  errors: ['unknown_provider', 'object_out_of_scope', 'action_not_supported'],
  async handle(call) {
    const { deps, caller, token } = call;
    const earlier = await deps.store.apps.get(caller.workspaceId, token);
    const app = earlier ?? (await install(call));
    if (call.body.credentials && !earlier?.connection.checkedAt)
      await connect(call, app, call.body.credentials);
    const now = (await deps.store.apps.get(app.workspaceId, app.appId)) ?? app;
    return { status: 201, body: await viewApp(deps, now) };
  },
});

type InstallCall = Call<unknown, unknown, z.output<typeof body>>;

async function install(call: InstallCall): Promise<AppDoc> {
  const { deps, caller, token, now, body: asked } = call;
  const description = describedBy(deps.descriptions, asked.providerId);
  if (asked.credentials) checkCredentials(description, asked.credentials, 'body.credentials');
  const app: AppDoc = {
    workspaceId: caller.workspaceId,
    appId: token,
    providerId: description.id,
    name: asked.name ?? description.name,
    settings: checkSettings(description, asked.settings ?? {}),
    scope: checkScope(description, asked.scope ?? description.objects.map(({ object }) => object)),
    mapping: emptyMapping(),
    mappingVersion: 1,
    policies: changePolicies(defaultPolicies(), asked.policies ?? {}),
    schedule: null,
    connection: freshConnection(description, { appId: token }),
    credentials: null,
    lastSyncedAt: null,
    lastImportedAt: null,
    lastError: null,
    paused: false,
    createdAt: now,
    createdBy: caller.actor,
    removedAt: null,
    revision: 0,
  };
  await deps.store.apps.insert(app);
  await audited(call, 'app.installed', app.appId, { providerId: app.providerId, name: app.name });
  return app;
}

/** A check that cannot be made right now leaves an app with credentials that were not checked. */
async function connect(call: InstallCall, app: AppDoc, credentials: unknown): Promise<void> {
  await storeCredentials(call, app, credentials);
  try {
    await checkApp(call.deps, app);
  } catch (error) {
    if (!(error instanceof WorkerSilent) && !(error instanceof TemporalUnavailable)) throw error;
  }
}
