import type { Response } from 'supertest';
import { v7 as uuid } from 'uuid';
import { hashState } from '../../activities/connections/authorization.js';
import { createActivities } from '../../activities/create-activities.js';
import type { ActivityDeps } from '../../activities/deps.js';
import { inspectFile } from '../../activities/providers/files/inspect.js';
import { environment, must } from '../support/activity-house.js';
import { NETWORK, oauthDesk } from '../support/oauth-desk.js';
import { startOAuthLab, type OAuthLab } from '../support/oauth-lab.js';
import { oauthProvider } from '../support/oauth-provider.js';
import { SECRET_KEY, startHarness, type CallOptions, type Harness, type Method } from './harness.js';

export const CLIENT_SECRET = 'canary-client-secret-51c0';
/** Origins that people may be sent back to. */
export const HOST_PRODUCT = 'https://crm.example.com';

/** The API, a worker's real activities behind it, an OAuth server of somebody else, and a person with a browser. */
export interface LoginScene {
  api: Harness;
  lab: OAuthLab;
  worker: ActivityDeps;
  providerId: string;
  /** An app with its client's secret, new for each test. */
  appId: string;
  /** Every answer of the API, pages and addresses included. */
  answers: string[];
  /** What a worker does with a question; `api.gateway.onAsk` at the start of each test. */
  answered: Harness['gateway']['onAsk'];
  install(): Promise<string>;
  call(method: Method, path: string, options?: CallOptions): Promise<Response>;
  sheet(): Promise<Response['body']>;
  begin(body?: object, options?: CallOptions): Promise<URL>;
  /** The browser, sent back by the provider. */
  comeBack(url: URL, accept?: string): Promise<Response>;
  logIn(body?: object): Promise<Response>;
  confirm(body?: object, options?: CallOptions): Promise<Response>;
  /** Nobody is connected, and nothing waits. */
  untouched(): Promise<void>;
  fresh(): Promise<void>;
  close(): Promise<void>;
}

export async function openLoginScene(): Promise<LoginScene> {
  const { provider } = oauthProvider();
  const api = await startHarness({ returnOrigins: [HOST_PRODUCT] }, [provider]);
  const lab = await startOAuthLab();
  const worker = workerOf(api, provider);
  const atWork = new Map<string, Promise<unknown>>();

  const scene: LoginScene = {
    ...{ api, lab, worker, providerId: provider.id, appId: '', answers: [] },
    async answered(args) {
      // As of a workflow's id: the same question, asked while it is at work, is one.
      const running =
        atWork.get(args.answerId) ??
        environment()
          .run(createActivities(worker).answerAsk, args)
          .finally(() => atWork.delete(args.answerId));
      atWork.set(args.answerId, running);
      await running;
    },
    install: () =>
      api.newApp({
        ...{ providerId: provider.id, settings: { url: lab.url, clientId: 'sluice' } },
        credentials: { clientSecret: CLIENT_SECRET },
      }),
    async call(...args) {
      const answer = await api.call(...args);
      scene.answers.push(JSON.stringify([answer.text, answer.headers]));
      return answer;
    },
    sheet: async () => (await scene.call('get', `/v1/apps/${scene.appId}`)).body,
    async begin(body = {}, options = {}) {
      const { status, body: said } = await api.call('post', `/v1/apps/${scene.appId}/connect`, {
        body,
        ...options,
      });
      if (status !== 200) throw new Error(JSON.stringify(said));
      return new URL(said.authorizationUrl);
    },
    comeBack: (url, accept = 'application/json') =>
      scene.call('get', `${url.pathname}${url.search}`, { key: null, headers: { Accept: accept } }),
    logIn: async (body) => scene.comeBack(await lab.visit((await scene.begin(body)).href)),
    confirm: (body = {}, options = {}) =>
      scene.call('post', `/v1/apps/${scene.appId}/connect/confirm`, { body, ...options }),
    async untouched() {
      const app = must(await api.store.apps.get('default', scene.appId));
      expect(app).toMatchObject({ connection: { status: 'not_connected', account: null } });
      expect(app.login ?? null).toBeNull();
    },
    async fresh() {
      api.gateway.onAsk = scene.answered;
      Object.assign(lab, { failing: null, expiresIn: 3_600, account: { id: 'account-1', name: 'Ann Ltd' } });
      lab.asked.length = 0;
      scene.appId = await scene.install();
    },
    async close() {
      await lab.close();
      await api.close();
    },
  };
  return scene;
}

function workerOf(api: Harness, provider: ReturnType<typeof oauthProvider>['provider']): ActivityDeps {
  const log = (_fields: unknown, message: string): void => void api.logs.push(message);
  const nothing = async (): Promise<void> => undefined;
  return {
    ...{ store: api.store, network: NETWORK, now: () => new Date(), newId: () => uuid() },
    ...{ inspectFile, retentionDays: 30, log: { info: log, warn: log, error: log } },
    providers: new Map([[provider.id, provider]]),
    ...oauthDesk(api.store, SECRET_KEY),
    workflows: {
      state: async () => 'running',
      ...{ cancel: nothing, putSchedule: nothing, removeSchedule: nothing },
    },
  };
}

/** How the log-in of an address is found in the store. */
export function stateHash(url: URL): string {
  return hashState(url.searchParams.get('state') ?? '');
}
