import type { Ask } from '../../workflows/contract/activities.js';
import type { ActivityDeps } from '../deps.js';
import { understand } from '../failures.js';
import { connectionOf, providerOf } from '../open-run.js';
import { ProviderFailure, type Account } from '../providers/provider.js';
import { effectiveMapping } from '../records/effective-mapping.js';
import type { AppDoc, LoginDoc } from '../store/documents.js';
import { installedApp } from './app.js';

/** With the request for tokens before it, less than the browser at the callback waits. */
const PATIENCE_MS = 12_000;
const TRIES = 20;
const AGAIN = 'Nothing was changed. Log in again: POST /v1/apps/{appId}/connect.';

/**
 * Takes a log-in that came back to where somebody can confirm it: code traded, tokens kept, account asked for. Whatever is in its way
 * ends it; the log-in says how it stands. Found again after a kill it goes on, but for a code that may have been sent.
 */
export async function finishLogin(
  deps: ActivityDeps,
  ask: Extract<Ask, { about: 'connect' }>,
  outer: AbortSignal,
): Promise<{ status: LoginDoc['status'] }> {
  const app = await installedApp(deps, ask.workspaceId, ask.appId);
  const login = await deps.store.logins.get(ask.workspaceId, ask.appId, ask.loginId);
  if (!login) throw new ProviderFailure('superseded', `This log-in is not known (any more). ${AGAIN}`);
  let at = await deps.logins.exchange(login);
  if (at.status === 'exchanged') at = await identified(deps, app, at, outer);
  if (at.status === 'pending') await show(deps, at);
  return { status: at.status };
}

/** Whose log-in it is: asked at the provider with the new token, which nothing else uses yet. */
async function identified(
  deps: ActivityDeps,
  app: AppDoc,
  login: LoginDoc,
  outer: AbortSignal,
): Promise<LoginDoc> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  let account: Account;
  try {
    account = await accountOf(deps, app, login, AbortSignal.any([outer, patience]));
  } catch (error) {
    if (outer.aborted) throw outer.reason;
    const { code, message } = patience.aborted ? SILENT : understand(error);
    if (code === 'store_unavailable') throw error;
    return deps.logins.fail(login, { code, message: `${message} ${AGAIN}` });
  }
  const { id, name } = account;
  const next = await deps.store.logins.step(login, { status: 'pending', account: { id, name } });
  return next ?? (await deps.store.logins.get(login.workspaceId, login.appId, login.loginId)) ?? login;
}

const SILENT = {
  code: 'timeout',
  message: `The provider gave out tokens, but did not say within ${PATIENCE_MS / 1000} s whose they are.`,
};

async function accountOf(
  deps: ActivityDeps,
  app: AppDoc,
  login: LoginDoc,
  signal: AbortSignal,
): Promise<Account> {
  const provider = providerOf(deps, app.providerId);
  const access = deps.logins.accessOf(login);
  const mapping = effectiveMapping(provider.objects, app.mapping);
  const traffic = { requests: 0, bytes: 0 };
  const session = await provider.open({
    ...connectionOf(deps, app, { settings: app.settings, mapping, files: {}, traffic }),
    async credentials(rejected) {
      if (rejected?.accessToken !== access.accessToken) return access;
      throw new ProviderFailure(
        'token_revoked',
        'The provider does not accept the token that it just gave out.',
      );
    },
  });
  try {
    return (await session.identity(signal)).account;
  } finally {
    await session.close();
  }
}

/** On the app's sheet, in place of a log-in that was begun before it. Guarded, because it may be confirmed at any moment. */
async function show({ store, now }: ActivityDeps, login: LoginDoc): Promise<void> {
  const { loginId, account, by, workspaceId, appId } = login;
  if (account === null) return;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const app = await store.apps.get(workspaceId, appId);
    if (!app || app.removedAt || app.login?.loginId === loginId || app.lastLogin?.loginId === loginId) return;
    const waiting = { loginId, account, at: now().toISOString(), by: by.actor };
    if (await store.apps.replace({ ...app, login: waiting })) return;
  }
  throw new ProviderFailure('store_unavailable', 'The app was changed again and again by others meanwhile.');
}

/** Before the app forgets its tokens the provider is asked to. Best effort: an app goes also where the provider is away. */
export async function disconnect(
  deps: ActivityDeps,
  ask: Extract<Ask, { about: 'disconnect' }>,
): Promise<{ givenBack: boolean }> {
  const app = await installedApp(deps, ask.workspaceId, ask.appId);
  const url = providerOf(deps, app.providerId).oauth?.revokeUrl?.(app.settings);
  if (url === undefined) return { givenBack: false };
  const { workspaceId, appId } = app;
  return { givenBack: await deps.logins.giveBack({ workspaceId, appId }, url) };
}
