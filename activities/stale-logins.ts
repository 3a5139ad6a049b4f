import type { ActivityDeps } from './deps.js';
import type { LoginDoc } from './store/documents.js';

/** Nobody confirmed it for so long: whoever began it went away, or another log-in took its place. */
const PATIENCE_MS = 60 * 60_000;
const AT_ONCE = 200;
const TOO_LATE = {
  code: 'login_expired',
  message:
    'Nobody finished this log-in within an hour. Nothing was changed. Log in again: POST /v1/apps/{appId}/connect.',
};

export function staleLogins({ store, now }: Pick<ActivityDeps, 'store' | 'now'>): Promise<LoginDoc[]> {
  return store.logins.stale(new Date(now().getTime() - PATIENCE_MS).toISOString(), AT_ONCE);
}

/** It goes off the app's sheet, and its tokens with it. What is used meanwhile is what was there before. Repeatable. */
export async function endStaleLogin({ store, logins }: ActivityDeps, login: LoginDoc): Promise<void> {
  const app = await store.apps.get(login.workspaceId, login.appId);
  // Somebody changed the app just now: the next round finds it again, because the log-in still stands.
  if (app?.login?.loginId === login.loginId && !(await store.apps.replace({ ...app, login: null }))) return;
  await logins.fail(login, TOO_LATE);
}
