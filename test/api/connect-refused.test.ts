import request from 'supertest';
import { createActivities } from '../../activities/create-activities.js';
import type { ActivityDeps } from '../../activities/deps.js';
import { environment, must } from '../support/activity-house.js';
import { openLoginScene, stateHash, type LoginScene } from './login-scene.js';

describe('a log-in that does not go well', () => {
  let scene: LoginScene;
  beforeAll(async () => (scene = await openLoginScene()));
  beforeEach(() => scene.fresh());
  afterAll(() => scene.close());

  describe('a callback that is not to be trusted', () => {
    it.each([
      ['no state', (url: URL) => url.searchParams.delete('state'), 'login_unknown'],
      ['a state of nobody', (url: URL) => url.searchParams.set('state', 'slc_made-up'), 'login_unknown'],
      ['another issuer', (url: URL) => url.searchParams.set('iss', 'https://evil.example'), 'login_failed'],
      [
        'a refusal',
        (url: URL) => {
          url.searchParams.delete('code');
          url.searchParams.set('error', 'access_denied');
        },
        'login_failed',
      ],
      ['neither code nor error', (url: URL) => url.searchParams.delete('code'), 'login_failed'],
      ['another code', (url: URL) => url.searchParams.set('code', 'guessed'), 'login_failed'],
    ])('is refused with %s, and nothing is written', async (_name, change, code) => {
      const url = await scene.lab.visit((await scene.begin()).href);
      change(url);
      const { status, body } = await scene.comeBack(url);
      expect({ status, code: body.code }).toEqual({ status: 400, code });
      expect(body.detail).toContain('Nothing was changed');
      await scene.untouched();
      const page = await scene.comeBack(url, 'text/html');
      expect(page.status).toBe(400);
      expect(page.headers['content-type']).toContain('text/html');
    });

    it('takes the right issuer', async () => {
      const url = await scene.lab.visit((await scene.begin()).href);
      url.searchParams.set('iss', scene.lab.url);
      expect((await scene.comeBack(url)).status).toBe(200);
    });

    it('is not a look at the address, which uses up nothing', async () => {
      const url = await scene.lab.visit((await scene.begin()).href);
      const looked = await request(scene.api.app).head(`${url.pathname}${url.search}`);
      expect(looked.status).toBe(200);
      expect(must(await scene.api.store.logins.byState(stateHash(url))).status).toBe('begun');
      expect(scene.lab.asked).toEqual([]);
      await scene.untouched();
      expect((await scene.comeBack(url)).body).toMatchObject({ status: 'pending', appId: scene.appId });
    });

    it('is refused the second time', async () => {
      const url = await scene.lab.visit((await scene.begin()).href);
      await scene.comeBack(url);
      const before = await scene.api.store.apps.get('default', scene.appId);
      expect((await scene.comeBack(url)).body).toMatchObject({ status: 400, code: 'login_used' });
      const failed = await scene.lab.visit((await scene.begin()).href);
      failed.searchParams.set('error', 'access_denied');
      await scene.comeBack(failed);
      failed.searchParams.delete('error');
      expect((await scene.comeBack(failed)).body).toMatchObject({ status: 400, code: 'login_used' });
      expect(await scene.api.store.apps.get('default', scene.appId)).toEqual(before);
      expect(scene.lab.asked).toEqual(['authorization_code']);
    });

    it('is refused when it comes late, or after the settings changed, or after the app went', async () => {
      const url = await scene.begin();
      const app = { workspaceId: 'default', appId: scene.appId };
      const found = must(await scene.api.store.logins.byState(stateHash(url)));
      await scene.api.store.logins.removeAll('default', scene.appId);
      const longAgo = new Date(Date.now() - 16 * 60_000).toISOString();
      await scene.api.store.logins.insert({ ...found, ...app, startedAt: longAgo });
      expect((await scene.comeBack(await scene.lab.visit(url.href))).body.code).toBe('login_expired');

      const moved = await scene.lab.visit((await scene.begin()).href);
      await scene.call('patch', `/v1/apps/${scene.appId}`, { body: { settings: { clientId: 'another' } } });
      expect((await scene.comeBack(moved)).body.code).toBe('login_unknown');

      scene.appId = await scene.install();
      const gone = await scene.lab.visit((await scene.begin()).href);
      expect((await scene.call('delete', `/v1/apps/${scene.appId}`)).status).toBe(204);
      expect((await scene.comeBack(gone)).body.code).toBe('login_unknown');
      expect(scene.lab.asked).toEqual([]);
    });

    it('of two at the same moment sends one code', async () => {
      const url = await scene.lab.visit((await scene.begin()).href);
      const both = await Promise.all([scene.comeBack(url), scene.comeBack(url)]);
      // The later one is the page loaded again, where the first is not done; else its state is used up.
      expect([200, 400]).toContain(Math.max(...both.map(({ status }) => status)));
      expect(Math.min(...both.map(({ status }) => status))).toBe(200);
      expect(scene.lab.asked).toEqual(['authorization_code']);
    });
  });

  it('ends a log-in that the provider lets down, with what to do', async () => {
    const refusals: [LoginScene['lab']['failing'], string][] = [
      [
        (response) => Object.assign(response, { statusCode: 400, body: { error: 'invalid_grant' } }),
        'login_refused',
      ],
      [
        (response) => Object.assign(response, { statusCode: 401, body: { error: 'invalid_client' } }),
        'credentials_rejected',
      ],
      [(response) => Object.assign(response, { statusCode: 503, body: {} }), 'provider_unavailable'],
      [(response) => Object.assign(response, { body: { ok: true } }), 'provider_contract_broken'],
    ];
    for (const [failing, reason] of refusals) {
      scene.lab.failing = failing;
      const { status, body } = await scene.logIn();
      expect({ status, code: body.code, reason: body.reason }).toEqual({
        status: 400,
        code: 'login_failed',
        reason,
      });
      expect(body.detail).toMatch(/Nothing was changed|\/connect/);
      await scene.untouched();
    }
  });

  it('finishes when the page is loaded again after no worker was there', async () => {
    scene.api.gateway.onAsk = async () => undefined;
    const url = await scene.lab.visit((await scene.begin()).href);
    const waiting = await scene.comeBack(url);
    expect(waiting.body).toMatchObject({ status: 503, code: 'worker_unavailable' });
    const other = new URL(url.href);
    other.searchParams.set('code', 'guessed');
    scene.api.gateway.onAsk = scene.answered;
    expect((await scene.comeBack(other)).body.code).toBe('login_used');
    expect((await scene.comeBack(url)).status).toBe(200);
  }, 30_000);

  it('does not send a code again that may have been sent', async () => {
    const url = await scene.lab.visit((await scene.begin()).href);
    scene.api.gateway.onAsk = async (args) => {
      const login = must(await scene.api.store.logins.byState(stateHash(url)));
      await scene.api.store.logins.step(login, { status: 'exchanging' });
      await scene.answered(args);
    };
    expect((await scene.comeBack(url)).body).toMatchObject({
      code: 'login_failed',
      reason: 'login_interrupted',
    });
    expect(scene.lab.asked).toEqual([]);
    await scene.untouched();
  });

  it('goes on from tokens that were kept, and from an account that was not shown yet', async () => {
    const url = await scene.lab.visit((await scene.begin()).href);
    const { loginId } = must(await scene.api.store.logins.byState(stateHash(url)));
    let died = false;
    scene.api.gateway.onAsk = async (args) => {
      const { step } = scene.api.store.logins;
      const replace = scene.api.store.apps.replace;
      const dying: ActivityDeps = {
        ...scene.worker,
        store: {
          ...scene.api.store,
          logins: { ...scene.api.store.logins, step, get: (...key) => scene.api.store.logins.get(...key) },
          apps: {
            ...scene.api.store.apps,
            get: (...key) => scene.api.store.apps.get(...key),
            replace: async (app) => {
              if (died) return replace(app);
              died = true;
              throw new Error('killed');
            },
          },
        },
      };
      await environment().run(createActivities(dying).answerAsk, args);
      expect(await scene.api.store.logins.get('default', scene.appId, loginId)).toMatchObject({
        status: 'pending',
      });
      expect((await scene.api.store.apps.get('default', scene.appId))?.login ?? null).toBeNull();
      await scene.answered(args);
    };
    expect((await scene.comeBack(url)).status).toBe(200);
    expect(await scene.sheet()).toMatchObject({
      connection: { status: 'pending', account: scene.lab.account },
    });
    expect(scene.lab.asked).toEqual(['authorization_code']);
  });

  it('takes a log-in off the sheet that nobody confirmed for an hour', async () => {
    await scene.logIn();
    const { login } = must(await scene.api.store.apps.get('default', scene.appId));
    const later = { ...scene.worker, now: () => new Date(Date.now() + 61 * 60_000) };
    await environment().run(createActivities(scene.worker).sweep);
    expect((await scene.sheet()).connection.status).toBe('pending');
    await environment().run(createActivities(later).sweep);
    expect((await scene.sheet()).connection).toMatchObject({ status: 'not_connected', login: null });
    expect(await scene.api.store.logins.get('default', scene.appId, must(login).loginId)).toMatchObject({
      ...{ status: 'failed', sealed: null, failure: { code: 'login_expired' } },
    });
    expect((await scene.confirm()).body.code).toBe('nothing_to_confirm');
  });
});
