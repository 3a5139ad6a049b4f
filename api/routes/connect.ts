import { z } from 'zod';
import { tokensOfLogin } from '../../activities/connections/login-secret.js';
import { clientSecretOf, sealSecret, type Secret } from '../../activities/connections/stored.js';
import { ProviderFailure } from '../../activities/providers/provider.js';
import type { AppDoc, LoginDoc } from '../../activities/store/documents.js';
import { viewApp } from '../app-view.js';
import { checkApp } from '../check-app.js';
import { endpoint, type Call } from '../endpoint.js';
import { Problem } from '../errors.js';
import { beginLogin, checkReturn, prepareLogin, secretOf, stillFits } from '../logins.js';
import { appOf, audited } from '../lookup.js';
import { appSheet } from '../shapes/app.js';
import { id } from '../shapes/common.js';
import { TemporalUnavailable, WorkerSilent } from '../workflow-gateway.js';

const params = z.strictObject({ appId: id });

export const connectApp = endpoint({
  method: 'post',
  path: '/v1/apps/{appId}/connect',
  tag: 'Apps',
  summary: 'Begin a log-in at a provider with OAuth 2',
  description:
    'Answers the address that a person opens to log in (authorization code with PKCE), good for 15 minutes and one use. The provider sends them back to `/oauth/callback`; then the connection is `pending`, with the account on the sheet, until the key that began it confirms. Nothing is changed before that.',
  access: 'admin',
  params,
  body: z.strictObject({
    returnTo: z.string().max(2_000).optional().meta({
      description:
        'Where people are sent at the end, with `appId`, `connection` (`pending` or `failed`) and `code`, in place of a small page. Its origin must be allowed by the deployment (RETURN_ORIGINS)',
    }),
  }),
  idempotency: 'made_again',
  answers: {
    200: { description: 'Where to log in', schema: z.object({ authorizationUrl: z.url() }) },
  },
  errors: ['not_found', 'action_not_supported', 'not_configured', 'return_not_allowed'],
  async handle(call) {
    const app = await appOf(call);
    const place = await prepareLogin(call, app);
    const returnTo = call.body.returnTo === undefined ? null : checkReturn(call.deps, call.body.returnTo);
    const url = await beginLogin(call, app, place, returnTo);
    await audited(call, 'login.begun', app.appId);
    return { status: 200, body: { authorizationUrl: url } };
  },
});

const TRIES = 5;

export const confirmConnect = endpoint({
  method: 'post',
  path: '/v1/apps/{appId}/connect/confirm',
  tag: 'Apps',
  summary: 'Confirm the account that somebody logged in with',
  description:
    'By the key (and the person) that began it. The tokens become those of the app, then the connection is checked; success resumes a run that parked for this reason. An app that has runs or bookmarks keeps its account.',
  access: 'admin',
  params,
  body: z.strictObject({
    accountId: z
      .string()
      .min(1)
      .max(500)
      .optional()
      .meta({ description: 'The account that was seen on the sheet: another one is refused' }),
  }),
  idempotency: 'remembered',
  answersWithinMs: 31_000,
  answers: { 200: { description: 'The app', schema: appSheet } },
  errors: [
    'not_found',
    'nothing_to_confirm',
    'not_your_login',
    'account_changed',
    'login_outdated',
    'changed_meanwhile',
  ],
  async handle(call) {
    const { deps } = call;
    await confirm(call);
    try {
      await checkApp(deps, await appOf(call));
    } catch (error) {
      // Whose account it is was asked at the log-in; a check that cannot be made right now is made later.
      if (!(error instanceof WorkerSilent) && !(error instanceof TemporalUnavailable)) throw error;
    }
    return { status: 200, body: await viewApp(deps, await appOf(call)) };
  },
});

type ConfirmCall = Call<{ appId: string }, unknown, { accountId?: string | undefined }>;

/** Once: a repeat of the same request finds what it did. */
async function confirm(call: ConfirmCall): Promise<void> {
  const { deps, token, now } = call;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const app = await appOf(call);
    if (app.lastLogin?.token === token) return;
    const login = await waitingLogin(call, app);
    await refuseOtherAccount(call, app, login);
    const { doc, secret } = await secretOf(deps, app);
    const tokens = tokensFor(call, app, login, secret);
    const sealed = sealSecret(deps.sealer, app, tokens);
    const connection = { status: 'ready', account: login.account, checkedAt: now } as const;
    const next: AppDoc = {
      ...app,
      connection: { ...connection, problems: [] },
      ...{ login: null, lastLogin: { loginId: login.loginId, token } },
    };
    if (!(await deps.store.logins.confirm({ login, sealed, over: doc, app: next }))) continue;
    await audited(call, 'login.confirmed', app.appId, { account: login.account });
    return;
  }
  throw new Problem(
    'changed_meanwhile',
    'The app was changed again and again by others meanwhile. Nothing was changed by this request. Send it again.',
  );
}

async function waitingLogin(call: ConfirmCall, app: AppDoc): Promise<LoginDoc> {
  const { deps, caller } = call;
  const login = app.login && (await deps.store.logins.get(app.workspaceId, app.appId, app.login.loginId));
  if (!login || login.status !== 'pending') {
    throw new Problem(
      'nothing_to_confirm',
      'No log-in of this app waits to be confirmed (it was confirmed, took too long, or nobody came back from the provider). Nothing was changed. Begin one: POST /v1/apps/{appId}/connect.',
    );
  }
  const { keyId, actor } = login.by;
  if (keyId === caller.keyId && actor.id === caller.actor.id) return login;
  throw new Problem(
    'not_your_login',
    `${actor.name} began this log-in and confirms it, with the same key. Nothing was changed. Begin one of your own: POST /v1/apps/{appId}/connect.`,
    { by: actor },
  );
}

/** Links and bookmarks of one account say nothing of another's records. Where nothing was moved yet, it may still be another. */
async function refuseOtherAccount(call: ConfirmCall, app: AppDoc, login: LoginDoc): Promise<void> {
  const { body } = call;
  const { account } = login;
  const known = app.connection.account;
  if (body.accountId !== undefined && body.accountId !== account?.id) {
    throw new Problem(
      'account_changed',
      `The log-in is of ${account?.name ?? 'another account'}, not of the account that was named. Nothing was changed. Look at the sheet again, then confirm what it shows.`,
      { account },
    );
  }
  if (!known || known.id === account?.id || !(await hasHistory(call, app))) return;
  throw new Problem(
    'account_changed',
    `The log-in is of ${account?.name ?? 'another account'}, but this app was connected to ${known.name} and has run with it. Nothing was changed. Log in with that account (POST /v1/apps/{appId}/connect), or install another app.`,
    { account, connected: known },
  );
}

async function hasHistory({ deps }: ConfirmCall, { workspaceId, appId }: AppDoc): Promise<boolean> {
  const [runs, bookmarks] = await Promise.all([
    deps.store.runs.list(workspaceId, { appId }, { limit: 1 }),
    deps.store.bookmarks.list(workspaceId, appId),
  ]);
  return runs.items.length + bookmarks.length > 0;
}

/** Beside the client's secret as it is now. Throws 409 where the log-in belongs to settings or credentials that are gone. */
function tokensFor(call: ConfirmCall, app: AppDoc, login: LoginDoc, secret: Secret | null): Secret {
  const outdated = (why: string): Problem =>
    new Problem('login_outdated', `${why} Nothing was changed. Log in again: POST /v1/apps/{appId}/connect.`);
  if (!secret || clientSecretOf(secret) === undefined || !stillFits(call, app, login)) {
    throw outdated('The settings or the credentials of the app were changed since this log-in was begun.');
  }
  try {
    return { entered: secret.entered, oauth: tokensOfLogin(call.deps.sealer, login) };
  } catch (error) {
    if (error instanceof ProviderFailure) throw outdated('What was kept of this log-in cannot be opened.');
    throw error;
  }
}
