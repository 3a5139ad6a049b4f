import type { ProviderDescription } from '../activities/providers/provider.js';
import { effectiveMapping } from '../activities/records/effective-mapping.js';
import type { LockEvidence } from '../activities/records/retry-lock.js';
import { lockOf } from '../activities/store/app-lock.js';
import type { AppDoc } from '../activities/store/documents.js';
import type { RunDoc } from '../activities/store/run-documents.js';
import { isTerminal } from '../workflows/contract/status.js';
import { whyNot } from './actions-view.js';
import type { ApiDeps } from './deps.js';
import { describedBy } from './lookup.js';
import { mappingWarnings } from './mapping-warnings.js';
import { viewRun } from './run-view.js';
import { viewSchedule } from './schedule.js';
import type { AppShape } from './shapes/app.js';

const RECENT_RUNS = 10;

/** The app sheet. In a list fewer runs are shown. */
export async function viewApp(deps: ApiDeps, app: AppDoc, recent: number = RECENT_RUNS): Promise<AppShape> {
  const { workspaceId, appId, providerId } = app;
  const [runs, live, lock, bookmarks, schedule] = await Promise.all([
    deps.store.runs.list(workspaceId, { appId }, { limit: recent }),
    deps.store.runs.live(workspaceId, appId),
    lockOf(deps, app),
    deps.store.bookmarks.list(workspaceId, appId),
    viewSchedule(deps, app),
  ]);
  const description = describedBy(deps.descriptions, providerId);
  const warnings = await mappingWarnings(deps, app, description);
  return {
    appId,
    providerId,
    name: app.name,
    actions: {
      import: actionView(whyNot('import', app, description, live, lock)),
      sync: actionView(whyNot('sync', app, description, live, lock)),
    },
    connection: connectionView(app),
    credentials: app.credentials,
    runtimeStatus: runtimeStatus(app, live, lock),
    scope: app.scope,
    settings: app.settings,
    mapping: { version: app.mappingVersion, ...plainMapping(description, app), warnings },
    policies: { matching: { plusTags: 'keep' }, ...app.policies },
    schedule,
    paused: app.paused,
    lastSyncedAt: app.lastSyncedAt,
    lastImportedAt: app.lastImportedAt,
    lastError: app.lastError,
    bookmarks: Object.fromEntries(bookmarks.map(({ object, at }) => [object, { at }])),
    lock: lock && { cause: lock.cause, evidence: lock },
    held: { events: 0 },
    recentRuns: await Promise.all(runs.items.map((run) => recentRun(deps, run))),
    createdAt: app.createdAt,
    createdBy: app.createdBy,
  };
}

/** A log-in that waits to be confirmed is shown in place of what is connected, and that beside it. */
function connectionView({ connection, login }: AppDoc): AppShape['connection'] {
  const { status, account, checkedAt, problems } = connection;
  if (!login) return { status, account, checkedAt, problems, login: null };
  const waiting = { account: login.account, at: login.at, by: login.by, connected: account };
  const other = account && account.id !== login.account.id;
  const message = other
    ? `${login.by.name} logged in as ${login.account.name}, but this app is connected to ${account.name}. Log in with that account (POST /v1/apps/{appId}/connect), or install another app for ${login.account.name}.`
    : `${login.by.name} logged in as ${login.account.name}, and has to confirm it: POST /v1/apps/{appId}/connect/confirm. Until then nothing is changed.`;
  const problem = { code: other ? 'account_changed' : 'login_unconfirmed', message };
  return {
    status: 'pending',
    account: login.account,
    checkedAt,
    problems: [problem, ...problems],
    login: waiting,
  };
}

function plainMapping(
  description: ProviderDescription,
  app: AppDoc,
): Omit<AppShape['mapping'], 'version' | 'warnings'> {
  const { objects, owners, statuses } = effectiveMapping(description.objects, app.mapping);
  return { objects: { ...objects }, owners, statuses: { ...statuses } };
}

/** The first that holds. A paused run waits for a person as one in review does. */
export function runtimeStatus(
  app: AppDoc,
  live: readonly RunDoc[],
  lock: LockEvidence | null,
): AppShape['runtimeStatus'] {
  const { status } = app.connection;
  if (status === 'not_connected' || status === 'pending') return 'not_configured';
  if (status === 'needs_attention') return 'needs_attention';
  const going = live.filter((run) => !isTerminal(run.status));
  if (going.some((run) => run.status === 'running')) return 'running';
  if (going.length > 0) return 'waiting';
  if (lock) return 'locked';
  return app.paused ? 'paused' : 'ready';
}

function actionView(no: ReturnType<typeof whyNot>): AppShape['actions']['import'] {
  return no ? { available: false, why: no.message } : { available: true };
}

async function recentRun(deps: ApiDeps, doc: RunDoc): Promise<AppShape['recentRuns'][number]> {
  const { runId, kind, status, reviewState, createdAt, startedAt, endedAt, startedBy, objects, counts } =
    await viewRun(deps, doc);
  return {
    runId,
    kind,
    status,
    reviewState,
    createdAt,
    startedAt,
    endedAt,
    startedBy,
    objects: objects.map(({ object, state, counts: own }) => ({ object, state, counts: own })),
    counts,
  };
}
