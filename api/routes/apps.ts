import { z } from 'zod';
import { withSchedule } from '../../activities/store/settle-schedule.js';
import type { AppDoc } from '../../activities/store/documents.js';
import { ask } from '../ask.js';
import { endpoint, type Call } from '../endpoint.js';
import { appOf, audited, describedBy } from '../lookup.js';
import { TemporalUnavailable, WorkerSilent } from '../workflow-gateway.js';
import { viewApp } from '../app-view.js';
import { alreadyActive } from '../start-run.js';
import { changeApp } from '../app-changes.js';
import { tellTemporal } from '../schedule.js';
import { appSheet } from '../shapes/app.js';
import { id, listOf, listQuery, pageOf } from '../shapes/common.js';

const params = z.strictObject({ appId: id });
const RUNS_IN_LIST = 3;
/** Files of some gigabytes go with their app. */
const REMOVAL_MS = 120_000;
const GIVE_BACK_MS = 20_000;

export const listApps = endpoint({
  method: 'get',
  path: '/v1/apps',
  tag: 'Apps',
  summary: 'Installed apps, newest first',
  access: 'viewer',
  query: z.strictObject(listQuery),
  answers: { 200: { description: 'App sheets', schema: listOf(appSheet) } },
  errors: ['invalid_cursor'],
  async handle({ deps, caller, query }) {
    const found = await deps.store.apps.list(caller.workspaceId, pageOf(query));
    const installed = found.items.filter(({ removedAt }) => removedAt === null);
    const items = await Promise.all(installed.map((app) => viewApp(deps, app, RUNS_IN_LIST)));
    return { status: 200, body: { items, nextCursor: found.nextCursor } };
  },
});

export const getApp = endpoint({
  method: 'get',
  path: '/v1/apps/{appId}',
  tag: 'Apps',
  summary: 'The app sheet',
  access: 'viewer',
  params,
  answers: { 200: { description: 'The app', schema: appSheet } },
  errors: ['not_found'],
  async handle(call) {
    return { status: 200, body: await viewApp(call.deps, await appOf(call)) };
  },
});

export const removeApp = endpoint({
  method: 'delete',
  path: '/v1/apps/{appId}',
  tag: 'Apps',
  summary: 'Uninstall: secrets and uploaded files go at once, records and links stay',
  description:
    'Undo works as before: what a run read is kept with the run. A new install of the same provider and account takes the links over.',
  access: 'admin',
  params,
  answersWithinMs: REMOVAL_MS,
  answers: { 204: { description: 'Uninstalled' } },
  errors: ['not_found', 'run_already_active', 'temporal_unavailable'],
  async handle(call) {
    const { deps, now } = call;
    const app = await appOf(call);
    const live = await deps.workflows.live(app);
    if (live) throw alreadyActive(live.runId);
    await giveBack(call, app);
    // Secrets and files first: should this be cut short, an app without them is left, not they without an app.
    await deps.store.credentials.remove(app.workspaceId, app.appId);
    await deps.store.logins.removeAll(app.workspaceId, app.appId);
    await deps.store.files.removeAll(app.workspaceId, app.appId);
    const { after } = await changeApp(call, (current) => ({
      ...(current.schedule ? withSchedule(current, null) : current),
      ...{ credentials: null, login: null, lastLogin: null, removedAt: now },
    }));
    if (after.schedulePending) await tellTemporal(deps, after);
    // Once more: an upload may have come in between. From here on none is taken.
    await deps.store.files.removeAll(app.workspaceId, app.appId);
    await audited(call, 'app.removed', app.appId, { name: app.name });
    return { status: 204 };
  },
});

/** Tokens are to end at the provider too. An app goes also where no worker or no provider can be asked: they run out by themselves. */
async function giveBack(
  { deps }: Call,
  { workspaceId, appId, providerId, credentials }: AppDoc,
): Promise<void> {
  if (!credentials || !describedBy(deps.descriptions, providerId).oauth?.revokeUrl) return;
  try {
    await ask(deps, { about: 'disconnect', workspaceId, appId }, GIVE_BACK_MS);
  } catch (error) {
    if (!(error instanceof WorkerSilent) && !(error instanceof TemporalUnavailable)) throw error;
  }
}

const pausing = { method: 'post', tag: 'Apps', access: 'admin', params, idempotency: 'remembered' } as const;

export const pauseApp = endpoint({
  ...pausing,
  path: '/v1/apps/{appId}/pause',
  summary: 'No new runs, schedules skipped; a live run goes on',
  answers: { 200: { description: 'The app', schema: appSheet } },
  errors: ['not_found'],
  async handle(call) {
    const { after } = await changeApp(call, (app) => ({ ...app, paused: true }));
    await audited(call, 'app.paused', after.appId);
    return { status: 200, body: await viewApp(call.deps, after) };
  },
});

export const resumeApp = endpoint({
  ...pausing,
  path: '/v1/apps/{appId}/resume',
  summary: 'New runs again',
  answers: { 200: { description: 'The app', schema: appSheet } },
  errors: ['not_found'],
  async handle(call) {
    const { after } = await changeApp(call, (app) => ({ ...app, paused: false }));
    await audited(call, 'app.resumed', after.appId);
    return { status: 200, body: await viewApp(call.deps, after) };
  },
});
