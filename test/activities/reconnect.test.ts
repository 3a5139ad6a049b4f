import { randomUUID } from 'node:crypto';
import { authorizationUrl, placeOf } from '../../activities/connections/authorization.js';
import { sealLogin } from '../../activities/connections/login-secret.js';
import { sealSecret } from '../../activities/connections/stored.js';
import { tokensOfLogin } from '../../activities/connections/login-secret.js';
import type { AppDoc } from '../../activities/store/documents.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import { must, openHouse, type House } from '../support/activity-house.js';
import { oauthDesk } from '../support/oauth-desk.js';
import { startOAuthLab, type OAuthLab } from '../support/oauth-lab.js';
import { oauthProvider } from '../support/oauth-provider.js';
import type { ScriptedProvider } from '../support/scripted-provider.js';

const KEY = Buffer.alloc(32, 3).toString('base64');

describe('a run whose log-in ends at the provider', () => {
  let house: House;
  let lab: OAuthLab;
  let desk: ReturnType<typeof oauthDesk>;
  let made: ScriptedProvider;
  let app: AppDoc;
  beforeAll(async () => {
    house = await openHouse();
    lab = await startOAuthLab();
    desk = oauthDesk(house.store, KEY);
    Object.assign(house.deps, { openCredentials: desk.openCredentials, logins: desk.logins });
  });
  afterAll(async () => {
    await lab.close();
    await house.close();
  });
  beforeEach(async () => {
    lab.account = { id: 'account-1', name: 'Ann Ltd' };
    made = oauthProvider();
    made.script.answers = { contacts: [people(1), people(4), people(7)] };
    app = await house.install(made.provider, { settings: { url: lab.url, clientId: 'sluice' } });
    const { workspaceId, appId } = app;
    const sealed = sealSecret(desk.sealer, app, { entered: { clientSecret: 'secret' }, oauth: null });
    await house.store.credentials.put({ workspaceId, appId, sealed });
    await logIn();
  });

  const people = (from: number) =>
    [from, from + 1, from + 2].map((n) => ({ externalId: `c${n}`, data: { name: `Person ${n}` } }));

  /** As the API does it: an address, a visit, a code, a worker, and a confirmation. */
  async function logIn(): Promise<void> {
    const { workspaceId, appId } = app;
    const key = { workspaceId, appId, loginId: randomUUID() };
    const offer = must(made.provider.oauth);
    const place = must(placeOf(offer, app.settings, 'http://127.0.0.1:1'));
    const verifier = 'v'.repeat(43);
    const back = await lab.visit(await authorizationUrl(offer, place, { state: 'state', verifier }));
    const code = must(back.searchParams.get('code'));
    await house.store.logins.insert({
      ...{ ...key, place, stateHash: randomUUID(), status: 'returned', returnTo: null },
      ...{ by: { keyId: 'k', actor: { id: 'ann', name: 'Ann' } }, account: null, failure: null },
      ...{ sealed: sealLogin(desk.sealer, key, { verifier, code }), startedAt: new Date().toISOString() },
    });
    await house.ask({ about: 'connect', ...key });
    const login = must(await house.store.logins.get(workspaceId, appId, key.loginId));
    const now = await house.theApp(app);
    const entered = { clientSecret: 'secret' };
    const confirmed = await house.store.logins.confirm({
      ...{ login, over: await house.store.credentials.get(workspaceId, appId) },
      sealed: sealSecret(desk.sealer, app, { entered, oauth: tokensOfLogin(desk.sealer, login) }),
      app: { ...now, login: null, connection: { ...now.connection, account: login.account } },
    });
    expect(confirmed).toBe(true);
    expect(await check()).toMatchObject({ result: { status: 'ready', account: lab.account } });
  }
  const check = () => house.ask({ about: 'check', workspaceId: app.workspaceId, appId: app.appId });
  const started = (): Promise<RunRef> => house.begin(app, ['contacts']);

  it('parks, and goes on at the same page once somebody logged in again, with nothing lost', async () => {
    const ref = await started();
    made.script.asked.length = 0;
    const answers = made.script.answers.contacts ?? [];
    const second = answers[1];
    answers[1] = () => {
      lab.forget();
      return second as never;
    };
    const end = await house.transfer(ref);
    expect(end).toMatchObject({ state: 'parked', parked: { reason: 'reconnect', code: 'token_revoked' } });
    expect(await house.counts(ref)).toMatchObject({ fetched: 3, created: 3 });
    const { connection } = await house.theApp(app);
    expect(connection).toMatchObject({ status: 'needs_attention', problems: [{ code: 'token_revoked' }] });
    expect(connection.problems[0]?.message).toContain('/connect');
    expect(await check()).toMatchObject({ result: { status: 'needs_attention' } });

    answers[1] = second ?? [];
    await logIn();
    expect(await house.transfer(ref, 'contacts', { slice: 10 })).toEqual({ state: 'done' });
    expect(await house.counts(ref)).toMatchObject({ fetched: 9, created: 9, failed: 0 });
    expect(made.script.asked.filter((each) => each === 'contacts from 0')).toHaveLength(1);
    expect((await house.theApp(app)).connection.status).toBe('ready');
  });

  it('does not begin where the log-in has ended already, and says so on the app', async () => {
    const ref = await house.start(app, ['contacts']);
    lab.forget();
    expect(await house.run('preflight', ref)).toMatchObject({ blocked: { code: 'token_revoked' } });
    expect((await house.theApp(app)).connection.status).toBe('needs_attention');
  });

  it('renews by itself when only the access token is refused, and nobody is asked', async () => {
    const ref = await started();
    lab.access.clear();
    lab.asked.length = 0;
    expect(await house.transfer(ref)).toEqual({ state: 'done' });
    expect(await house.counts(ref)).toMatchObject({ fetched: 9, created: 9 });
    expect(lab.asked).toEqual(['refresh_token']);
  });

  it('leaves a log-in that waits where it is when a check or a run notes what it found', async () => {
    const login = {
      loginId: 'l',
      account: lab.account,
      at: new Date().toISOString(),
      by: { id: 'a', name: 'A' },
    };
    await house.store.apps.patch(app.workspaceId, app.appId, { login });
    lab.forget();
    await check();
    expect(await house.theApp(app)).toMatchObject({ login, connection: { status: 'needs_attention' } });
  });
});
