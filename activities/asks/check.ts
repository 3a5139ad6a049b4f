import type { Ask } from '../../workflows/contract/activities.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { ActivityDeps } from '../deps.js';
import { NotLoggedIn } from '../connections/not-logged-in.js';
import { understand } from '../failures.js';
import { connectionOf, providerOf } from '../open-run.js';
import type { Account, Identity, Session } from '../providers/provider.js';
import { effectiveMapping } from '../records/effective-mapping.js';
import type { AppDoc } from '../store/documents.js';
import { installedApp } from './app.js';

/** The API answers within 30 s whatever the host does. */
const PATIENCE_MS = 22_000;

const SILENT = {
  code: 'timeout',
  message: `The provider did not answer within ${PATIENCE_MS / 1000} s. Nothing was read or written. Check the address and the port (a firewall may swallow what is sent there), then check the connection again.`,
};

export interface CheckAnswer {
  status: 'ready' | 'needs_attention';
  account: Account | null;
  objects: { object: ObjectName; granted: boolean; total?: number }[];
  problems: { code: string; message: string }[];
}

/** Tests an app's connection at the provider now, and notes on the app what was found. */
export async function checkConnection(
  deps: ActivityDeps,
  ask: Extract<Ask, { about: 'check' }>,
  outer: AbortSignal,
): Promise<CheckAnswer> {
  const app = await installedApp(deps, ask.workspaceId, ask.appId);
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const signal = AbortSignal.any([outer, patience]);
  const answer = await lookAtConnection(deps, app, signal).catch((error: unknown): CheckAnswer => {
    if (outer.aborted) throw outer.reason;
    if (error instanceof NotLoggedIn) return nobodyYet(error);
    const { code, message } = patience.aborted ? SILENT : understand(error);
    return { status: 'needs_attention', account: null, objects: [], problems: [{ code, message }] };
  });
  const { status, problems } = answer;
  const account = app.connection.account ?? answer.account;
  const checkedAt = deps.now().toISOString();
  await deps.store.apps.patch(ask.workspaceId, ask.appId, {
    connection: { status: isNobodyYet(answer) ? 'not_connected' : status, account, checkedAt, problems },
    lastCheck: { at: checkedAt, ready: status === 'ready', codes: problems.map(({ code }) => code) },
  });
  return answer;
}

const NOBODY_YET = 'not_connected';

/** No fault: the next step is a person's. */
function nobodyYet({ message }: NotLoggedIn): CheckAnswer {
  const problems = [{ code: NOBODY_YET, message }];
  return { status: 'needs_attention', account: null, objects: [], problems };
}

function isNobodyYet({ problems }: CheckAnswer): boolean {
  return problems[0]?.code === NOBODY_YET;
}

async function lookAtConnection(deps: ActivityDeps, app: AppDoc, signal: AbortSignal): Promise<CheckAnswer> {
  const provider = providerOf(deps, app.providerId);
  const traffic = { requests: 0, bytes: 0 };
  const mapping = effectiveMapping(provider.objects, app.mapping);
  const session = await provider.open(
    connectionOf(deps, app, { settings: app.settings, mapping, files: {}, traffic }),
  );
  try {
    const identity = await session.identity(signal);
    const objects = [];
    for (const { object, granted } of identity.objects) {
      const total = granted ? await totalOf(session, object, signal) : undefined;
      objects.push({ object, granted, ...(total === undefined ? {} : { total }) });
    }
    return { ...verdict(app, identity), account: identity.account, objects };
  } finally {
    await session.close();
  }
}

/** One object that may not be read does not keep the others from it: its own runs say so at their preflight. */
function verdict(app: AppDoc, { account, objects }: Identity): Pick<CheckAnswer, 'status' | 'problems'> {
  const known = app.connection.account;
  if (known && known.id !== account.id) {
    const message = `The credentials belong to ${account.name}, but this app was connected to ${known.name}. Enter the first account's credentials, or install another app.`;
    return { status: 'needs_attention', problems: [{ code: 'account_changed', message }] };
  }
  const refused = objects.filter(({ object, granted }) => !granted && app.scope.includes(object));
  const problems = refused.map(({ object, why }) => ({
    code: 'permission_missing',
    message: `The account may not read ${object}${why ? ` (${why})` : ''}. Nothing was read or written. Grant it at the provider and check again, or take ${object} out of the app's scope.`,
  }));
  const none = refused.length > 0 && refused.length === app.scope.length;
  return { status: none ? 'needs_attention' : 'ready', problems };
}

/** A count is a courtesy: a provider that cannot count right now is connected all the same. */
async function totalOf(
  session: Session,
  object: ObjectName,
  signal: AbortSignal,
): Promise<number | undefined> {
  try {
    return await session.total?.(object, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    return undefined;
  }
}
