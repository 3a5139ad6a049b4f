import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { ProviderDescription } from '../../activities/providers/provider.js';
import { mappingPatchSchema } from '../../activities/records/mapping-schema.js';
import { policiesPatchSchema } from '../../activities/records/policies.js';
import type { AppDoc } from '../../activities/store/documents.js';
import {
  changeApp as change,
  changeMapping,
  changePolicies,
  checkScope,
  checkSettings,
  freshConnection,
} from '../app-changes.js';
import { viewApp } from '../app-view.js';
import { endpoint } from '../endpoint.js';
import { appOf, audited, describedBy } from '../lookup.js';
import { mergePatch } from '../merge-patch.js';
import { appSheet } from '../shapes/app.js';
import { id, objectName } from '../shapes/common.js';

const body = z.strictObject({
  name: z.string().trim().min(1).max(200).optional(),
  scope: z.array(objectName).min(1, 'Name at least one object').optional(),
  settings: z.record(z.string(), z.unknown()).optional(),
  policies: policiesPatchSchema.optional(),
  mapping: mappingPatchSchema.optional(),
  schedule: z.null('Schedules are for syncs, which this app does not offer yet').optional(),
});

type Patch = z.output<typeof body>;

export const changeApp = endpoint({
  method: 'patch',
  path: '/v1/apps/{appId}',
  tag: 'Apps',
  summary: "Change an app's name, scope, settings, policies or mapping",
  description:
    'A JSON merge patch (RFC 7396). A run that has started keeps what it started with. A changed mapping gets a new version; a changed address discards the credentials.',
  access: 'admin',
  params: z.strictObject({ appId: id }),
  body,
  answers: { 200: { description: 'The app', schema: appSheet } },
  errors: ['not_found', 'object_out_of_scope', 'mapping_invalid', 'changed_meanwhile'],
  async handle(call) {
    const { deps, body: patch } = call;
    const app = await appOf(call);
    const description = describedBy(deps.descriptions, app.providerId);
    // Before the address changes: at no moment can they be sent to the new one.
    if (app.credentials && !patched(app, description, patch).credentials) {
      await deps.store.credentials.remove(app.workspaceId, app.appId);
    }
    const { after } = await change(call, (current) => patched(current, description, patch));
    await audited(call, 'app.changed', after.appId, { changed: Object.keys(patch) });
    return { status: 200, body: await viewApp(deps, after) };
  },
});

function patched(app: AppDoc, description: ProviderDescription, patch: Patch): AppDoc {
  const mapping = patch.mapping ? changeMapping(description, app.mapping, patch.mapping) : app.mapping;
  const remapped = !isDeepStrictEqual(mapping, app.mapping);
  const settings = patch.settings
    ? checkSettings(description, mergePatch(app.settings, patch.settings))
    : app.settings;
  const moved = description.addressSettings.some(
    (name) => !isDeepStrictEqual(settings[name], app.settings[name]),
  );
  return {
    ...app,
    name: patch.name ?? app.name,
    scope: patch.scope ? checkScope(description, patch.scope) : app.scope,
    settings,
    policies: patch.policies ? changePolicies(app.policies, patch.policies) : app.policies,
    mapping,
    mappingVersion: remapped ? app.mappingVersion + 1 : app.mappingVersion,
    ...(moved ? { credentials: null, connection: freshConnection(description, app) } : {}),
  };
}
