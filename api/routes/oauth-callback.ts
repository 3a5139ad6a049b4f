import { timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { hashState, isIssuer } from '../../activities/connections/authorization.js';
import { openLogin, sealLogin } from '../../activities/connections/login-secret.js';
import { ProviderFailure } from '../../activities/providers/provider.js';
import type { AppDoc, LoginDoc } from '../../activities/store/documents.js';
import { ask } from '../ask.js';
import { callbackPage } from '../callback-page.js';
import { endpoint, type Call } from '../endpoint.js';
import { Problem, problemBody } from '../errors.js';
import { stillFits } from '../logins.js';
import { problemOf } from '../problem-of.js';
import type { Reply } from '../reply.js';

const GOOD_FOR_MS = 15 * 60_000;
const EXCHANGE_MS = 29_000;
const AGAIN = 'Nothing was changed. Begin again: POST /v1/apps/{appId}/connect.';

const query = z.looseObject({
  state: z.string().max(512).optional(),
  code: z.string().max(8_192).optional(),
  error: z.string().max(512).optional(),
  iss: z.string().max(2_000).optional(),
});

type CallbackCall = Call<unknown, z.output<typeof query>>;

export const oauthCallback = endpoint({
  method: 'get',
  path: '/oauth/callback',
  tag: 'Apps',
  summary: 'Where a provider sends people back to after a log-in',
  description:
    'Register `{PUBLIC_URL}/oauth/callback` with the provider. Answers a small page, JSON where that is asked for (`Accept`), or sends people to the `returnTo` of the log-in. The state is good for one use.',
  access: 'public',
  query,
  answersWithinMs: 31_000,
  answers: {
    200: {
      description: 'The account waits to be confirmed',
      contentTypes: ['text/html', 'application/json'],
      schema: z.object({
        status: z.literal('pending'),
        appId: z.string(),
        account: z.object({ id: z.string(), name: z.string() }),
      }),
    },
    302: { description: 'To `returnTo`, with `appId`, `connection` and, where it failed, `code`' },
  },
  errors: [
    'login_unknown',
    'login_used',
    'login_expired',
    'login_failed',
    'login_outdated',
    'worker_unavailable',
    'temporal_unavailable',
    'store_unavailable',
  ],
  async handle(call) {
    // Programs that look a link over before a person opens it ask with HEAD: that is no return, and uses up nothing.
    if (call.req.method === 'HEAD') return { status: 200 };
    let login: LoginDoc | null = null;
    try {
      login = await loginOf(call);
      const done = await received(call, login);
      return await answered(call, done);
    } catch (error) {
      return refused(call, login, error);
    }
  },
});

async function loginOf({ deps, query: { state } }: CallbackCall): Promise<LoginDoc> {
  const login = state === undefined ? null : await deps.store.logins.byState(hashState(state));
  if (login) return login;
  throw new Problem('login_unknown', `This log-in was not begun here, or more than a day ago. ${AGAIN}`);
}

/** The log-in with its account known, or a `Problem`. The state is used up by its first use, whatever comes of it. */
async function received(call: CallbackCall, login: LoginDoc): Promise<LoginDoc> {
  const { deps } = call;
  // The page was loaded again before any worker had taken the code: it was sent nowhere yet.
  if (login.status === 'returned' && hasCode(call, login)) return finished(call, login);
  if (login.status !== 'begun') throw used(login);
  const app = await deps.store.apps.get(login.workspaceId, login.appId);
  const refusal = whyRefused(call, app, login);
  if (refusal) {
    const failure = { code: refusal.reason, message: refusal.problem.message };
    const ended = await deps.store.logins.step(login, { status: 'failed', sealed: null, failure });
    throw ended ? refusal.problem : used(login);
  }
  const { code = '' } = call.query;
  const held = openLogin(deps.sealer, login);
  const verifier = 'verifier' in held ? held.verifier : '';
  const sealed = sealLogin(deps.sealer, login, { verifier, code });
  const returned = await deps.store.logins.step(login, { status: 'returned', sealed });
  if (!returned) throw used(login);
  return finished(call, returned);
}

interface Refusal {
  /** What the sheet of log-ins keeps: a code. */
  reason: string;
  problem: Problem;
}

function whyRefused(call: CallbackCall, app: AppDoc | null, login: LoginDoc): Refusal | null {
  const { query: asked, now } = call;
  const no = (code: Problem['code'], reason: string, why: string): Refusal => ({
    reason,
    problem: new Problem(code, `${why} ${AGAIN}`, { reason }),
  });
  if (Date.parse(now) - Date.parse(login.startedAt) > GOOD_FOR_MS) {
    return no('login_expired', 'login_expired', 'This log-in was begun more than 15 minutes ago.');
  }
  if (!app || app.removedAt !== null) {
    return no('login_outdated', 'app_removed', 'The app of this log-in was uninstalled meanwhile.');
  }
  if (!stillFits(call, app, login)) {
    return no('login_outdated', 'settings_changed', 'The settings of the app were changed meanwhile.');
  }
  if (asked.iss !== undefined && !isIssuer(login.place, asked.iss)) {
    return no(
      'login_failed',
      'other_issuer',
      'This answer is of another server than the log-in was sent to.',
    );
  }
  if (asked.error === 'access_denied') {
    return no('login_failed', 'access_denied', 'Access was refused at the provider.');
  }
  if (asked.error !== undefined) {
    // The provider's own words come with the address, so anybody can write them: only a code is repeated.
    const named = /^[a-z_]{1,60}$/.test(asked.error) ? asked.error : 'an error it does not name properly';
    return no('login_failed', 'refused', `The provider did not let the log-in through (${named}).`);
  }
  if (!asked.code) return no('login_failed', 'no_code', 'The provider sent neither a code nor an error.');
  return null;
}

function used({ status, failure }: LoginDoc): Problem {
  const how = status === 'failed' && failure ? ` (it failed: ${failure.code})` : '';
  return new Problem(
    'login_used',
    `This log-in came back once already${how}, and is good for one use. Nothing was changed by this. Look at the app's sheet, or begin again: POST /v1/apps/{appId}/connect.`,
  );
}

function hasCode({ deps, query: { code } }: CallbackCall, login: LoginDoc): boolean {
  const held = openLogin(deps.sealer, login);
  if (!code || !('verifier' in held) || held.code === undefined) return false;
  // Hashes have one length, so that comparing them tells nothing about the code.
  return timingSafeEqual(Buffer.from(hashState(code)), Buffer.from(hashState(held.code)));
}

/** A worker trades the code. One question per log-in, so that two never trade one code. */
async function finished({ deps }: CallbackCall, login: LoginDoc): Promise<LoginDoc> {
  const { workspaceId, appId, loginId } = login;
  const question = { about: 'connect', workspaceId, appId, loginId } as const;
  const answer = await ask(deps, question, EXCHANGE_MS, `login-${loginId}`);
  const now = await deps.store.logins.get(workspaceId, appId, loginId);
  if (now?.status === 'pending' || now?.status === 'confirmed') return now;
  if (now?.status === 'failed' && now.failure) {
    const { code, message } = now.failure;
    throw new Problem('login_failed', message, { reason: code });
  }
  if (answer && 'error' in answer && !now) throw new Problem('login_outdated', answer.error.message);
  throw new Problem(
    'worker_unavailable',
    "The log-in came back and is kept, but is not finished yet. Look at the app's sheet in a moment: the account appears there once it is.",
    {},
    { 'Retry-After': '5' },
  );
}

function wantsJson({ req }: CallbackCall): boolean {
  return req.accepts(['html', 'json']) === 'json';
}

async function answered(call: CallbackCall, login: LoginDoc): Promise<Reply> {
  const { appId, account } = login;
  if (login.returnTo !== null) return back(login.returnTo, { appId, connection: 'pending' });
  if (wantsJson(call)) return { status: 200, body: { status: 'pending', appId, account } };
  const app = await call.deps.store.apps.get(login.workspaceId, appId);
  return callbackPage(200, 'Almost done', [
    `You logged in as ${account?.name ?? 'an account'}${app ? ` for ${app.name}` : ''}.`,
    `Nothing is changed yet: whoever began this confirms the account in Sluice (POST /v1/apps/${appId}/connect/confirm). You can close this page.`,
  ]);
}

function refused(call: CallbackCall, login: LoginDoc | null, error: unknown): Reply {
  const problem = error instanceof ProviderFailure ? unreadable(error) : problemOf(error);
  if (!problem) throw error;
  // People who logged in go back to where they came from; a state that nobody knows leads nowhere.
  if (login && login.returnTo !== null && problem.status < 500) {
    return back(login.returnTo, { appId: login.appId, connection: 'failed', code: codeOf(problem) });
  }
  if (wantsJson(call)) throw problem;
  const requestId = String(call.res.getHeader('X-Request-Id'));
  const { title, detail } = problemBody(problem, requestId) as { title: string; detail: string };
  return callbackPage(problem.status, title, [detail], problem.headers);
}

function unreadable({ message }: ProviderFailure): Problem {
  return new Problem('login_outdated', message);
}

function codeOf({ code, fields }: Problem): string {
  return typeof fields['reason'] === 'string' ? fields['reason'] : code;
}

function back(returnTo: string, parameters: Record<string, string>): Reply {
  const url = new URL(returnTo);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return { status: 302, headers: { Location: url.href } };
}
