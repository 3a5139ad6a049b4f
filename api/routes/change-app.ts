import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { ProviderDescription } from '../../activities/providers/provider.js';
import { mappingPatchSchema } from '../../activities/records/mapping-schema.js';
import { emptyMapping } from '../../activities/records/effective-mapping.js';
import { defaultPolicies, policiesPatchSchema } from '../../activities/records/policies.js';
import type { Mapping, Policies } from '../../activities/records/types.js';
import type { AppDoc } from '../../activities/store/documents.js';
import { withSchedule } from '../../activities/store/settle-schedule.js';
import type { Actor } from '../../workflows/contract/activities.js';
import {
  changeApp as change,
  changeMapping,
  changePolicies,
  checkScope,
  checkSettings,
  freshConnection,
} from '../app-changes.js';
import { viewApp } from '../app-view.js';
import type { ApiDeps } from '../deps.js';
import { endpoint } from '../endpoint.js';
import { Problem } from '../errors.js';
import { appOf, audited, describedBy } from '../lookup.js';
import { mergePatch } from '../merge-patch.js';
import { scheduleAfter, tellTemporal } from '../schedule.js';
import { appSheet } from '../shapes/app.js';
import { id, objectName } from '../shapes/common.js';
import { schedulePatch } from '../shapes/schedule.js';

const body = z.strictObject({
  name: z.string().trim().min(1).max(200).optional(),
  scope: z.array(objectName).min(1, 'Name at least one object').optional(),
  settings: z.record(z.string(), z.unknown()).nullable().optional(),
  policies: policiesPatchSchema.nullable().optional(),
  mapping: mappingPatchSchema.nullable().optional(),
  schedule: schedulePatch.nullable().optional(),
});

type Patch = z.output<typeof body>;

export const changeApp = endpoint({
  method: 'patch',
  path: '/v1/apps/{appId}',
  tag: 'Apps',
  summary: "Change an app's name, scope, settings, policies, mapping or schedule",
  description:
    'A JSON merge patch (RFC 7396). A run that has started keeps what it started with. A changed mapping gets a new version; a changed address discards the credentials. A mapping to a status, field or member that does not exist is refused; one that names a column which the newest file lacks is taken, with a warning under `mapping.warnings`, because the file may be still to come. A schedule has syncs begin by themselves, at an `interval` or by a `cron`; `null` ends it. One that is due while something stands in the way (a live run, a pause, a connection that needs attention, a lock) is passed over and noted under `schedule.lastSkip`.',
  access: 'admin',
  params: z.strictObject({ appId: id }),
  body,
  answers: { 200: { description: 'The app', schema: appSheet } },
  errors: [
    'not_found',
    'object_out_of_scope',
    'mapping_invalid',
    'action_not_supported',
    'changed_meanwhile',
  ],
  async handle(call) {
    const { deps, body: patch } = call;
    const app = await appOf(call);
    const description = describedBy(deps.descriptions, app.providerId);
    await checkOwners(deps, app, patch.mapping);
    // Before the address changes: at no moment can they be sent to the new one.
    if (isMoved(app, patched(app, description, patch, null))) {
      await deps.store.credentials.remove(app.workspaceId, app.appId);
      await deps.store.logins.removeAll(app.workspaceId, app.appId);
    }
    const set = { at: call.now, by: call.caller.actor };
    // Kept before it goes: whatever happens in between, no version is lost.
    if (patch.mapping !== undefined) await deps.store.mappings.keep(app);
    const { after } = await change(call, (current) =>
      rescheduled(patched(current, description, patch, set), description, patch.schedule, set),
    );
    if (patch.mapping !== undefined) await deps.store.mappings.keep(after);
    await audited(call, 'app.changed', after.appId, { changed: Object.keys(patch) });
    const now = patch.schedule === undefined ? after : await tellTemporal(deps, after);
    return { status: 200, body: await viewApp(deps, now) };
  },
});

function patched(
  app: AppDoc,
  description: ProviderDescription,
  patch: Patch,
  set: AppDoc['mappingSet'] | null,
): AppDoc {
  const mapping = mappingAfter(app, description, patch.mapping);
  const remapped = !isDeepStrictEqual(mapping, app.mapping);
  const settings =
    patch.settings === undefined
      ? app.settings
      : checkSettings(description, mergePatch(app.settings, patch.settings ?? noneOf(app.settings)));
  const moved = description.addressSettings.some(
    (name) => !isDeepStrictEqual(settings[name], app.settings[name]),
  );
  return {
    ...app,
    name: patch.name ?? app.name,
    scope: patch.scope ? checkScope(description, patch.scope) : app.scope,
    settings,
    policies: policiesAfter(app, patch.policies),
    mapping,
    mappingVersion: remapped ? app.mappingVersion + 1 : app.mappingVersion,
    ...(remapped && set ? { mappingSet: set } : {}),
    ...(moved ? { credentials: null, login: null, connection: freshConnection(description, app) } : {}),
  };
}

/** A changed address begins a new connection. */
function isMoved(app: AppDoc, next: AppDoc): boolean {
  return next.connection !== app.connection;
}

/** In its scope after this patch. A schedule that is set again as it is stays as it is. */
function rescheduled(
  app: AppDoc,
  description: ProviderDescription,
  patch: Patch['schedule'],
  set: { at: string; by: Actor },
): AppDoc {
  if (patch === undefined) return app;
  const schedule = scheduleAfter(app, description, patch, app.schedule?.set ?? set);
  if (isDeepStrictEqual(schedule, app.schedule)) return app;
  return withSchedule(app, schedule && { ...schedule, set });
}

/** In a merge patch `null` removes: what a person set over the provider's defaults goes. */
function mappingAfter(app: AppDoc, description: ProviderDescription, patch: Patch['mapping']): Mapping {
  if (patch === undefined) return app.mapping;
  return patch === null ? emptyMapping() : changeMapping(description, app.mapping, patch);
}

function policiesAfter(app: AppDoc, patch: Patch['policies']): Policies {
  if (patch === undefined) return app.policies;
  return patch === null ? defaultPolicies() : changePolicies(app.policies, patch);
}

function noneOf(settings: Record<string, unknown>): Record<string, null> {
  return Object.fromEntries(Object.keys(settings).map((name) => [name, null]));
}

/** Owners are members of this workspace: a mapping to anybody else would leave every such record without an owner, silently. */
async function checkOwners(deps: ApiDeps, app: AppDoc, patch: Patch['mapping']): Promise<void> {
  const named = Object.entries(patch?.owners ?? {}).flatMap(([owner, memberId]) =>
    memberId === null ? [] : [[owner, memberId] as const],
  );
  const defaults = ownerDefaults(patch);
  if (named.length + defaults.length === 0) return;
  const active = await deps.store.members.active(app.workspaceId);
  const members = new Set(active.map(({ memberId }) => memberId));
  const owners = { ...app.mapping.owners, ...patch?.owners };
  const known = new Set([
    ...active.flatMap(({ memberId, email }) => [memberId, email.toLowerCase()]),
    ...Object.keys(owners)
      .filter((owner) => owners[owner] !== null)
      .flatMap((owner) => [owner, owner.trim().toLowerCase()]),
  ]);
  const issues = [
    ...named
      .filter(([, memberId]) => !members.has(memberId))
      .map(([owner, memberId]) => ({
        path: `body.mapping.owners.${owner}`,
        message: `There is no member "${memberId}" in this workspace.`,
      })),
    ...defaults
      .filter(({ value }) => !known.has(value) && !known.has(value.toLowerCase()))
      .map(({ object, value }) => ({
        path: `body.mapping.objects.${object}.fields.owner.default`,
        message: `The default owner "${value}" is neither a member of this workspace (by id or e-mail) nor mapped under \`owners\`.`,
      })),
  ];
  if (issues.length === 0) return;
  const words = issues.map(({ message }) => message).join(' ');
  throw new Problem(
    'mapping_invalid',
    `${words} The mapping was not changed. Take a memberId of GET /v1/members, or add the member first.`,
    { issues },
  );
}

function ownerDefaults(patch: Patch['mapping']): { object: string; value: string }[] {
  return Object.entries(patch?.objects ?? {}).flatMap(([object, one]) => {
    const source = one?.fields?.['owner'];
    const value = typeof source === 'object' ? source?.default?.trim() : undefined;
    return value ? [{ object, value }] : [];
  });
}
