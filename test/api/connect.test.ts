import { v7 as uuid } from 'uuid';
import { must } from '../support/activity-house.js';
import { run as runDoc } from '../store/makers.js';
import { CLIENT_SECRET, HOST_PRODUCT, openLoginScene, stateHash, type LoginScene } from './login-scene.js';

const RETURN_TO = `${HOST_PRODUCT}/back?tab=apps`;

describe('connecting by OAuth', () => {
  let scene: LoginScene;
  beforeAll(async () => (scene = await openLoginScene()));
  beforeEach(() => scene.fresh());
  afterAll(() => scene.close());

  it('says with the client secret alone that somebody has to log in, and how', async () => {
    const check = await scene.call('put', `/v1/apps/${scene.appId}/credentials`, {
      body: { clientSecret: CLIENT_SECRET },
    });
    expect(check.body).toMatchObject({ status: 'needs_attention', problems: [{ code: 'not_connected' }] });
    expect(await scene.sheet()).toMatchObject({
      runtimeStatus: 'not_configured',
      connection: { status: 'not_connected', login: null },
    });
    expect((await scene.sheet()).connection.problems[0].message).toContain(`/connect`);
  });

  it('goes from an address over a pending account to a ready connection', async () => {
    const url = await scene.begin();
    expect(url.origin + url.pathname).toBe(`${scene.lab.url}/authorize`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      ...{ audience: 'people', prompt: 'consent', response_type: 'code', client_id: 'sluice' },
      ...{ scope: 'read,write', code_challenge_method: 'S256' },
      redirect_uri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/oauth\/callback$/),
      state: expect.stringMatching(/^.{40,}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    });
    const back = await scene.comeBack(await scene.lab.visit(url.href));
    expect(back).toMatchObject({
      status: 200,
      body: { status: 'pending', appId: scene.appId, account: scene.lab.account },
    });
    expect(await scene.sheet()).toMatchObject({
      runtimeStatus: 'not_configured',
      connection: {
        status: 'pending',
        account: scene.lab.account,
        login: { by: { id: 'owner' }, connected: null },
      },
      actions: { import: { available: false } },
    });
    const start = await scene.call('post', `/v1/apps/${scene.appId}/runs`, { body: { kind: 'import' } });
    expect(start.body).toMatchObject({ code: 'connection_not_ready', connection: 'pending' });

    const ready = await scene.confirm({ accountId: 'account-1' }, { headers: { 'Idempotency-Key': 'once' } });
    expect(ready).toMatchObject({
      status: 200,
      body: {
        runtimeStatus: 'ready',
        connection: { status: 'ready', account: scene.lab.account, problems: [], login: null },
      },
    });
    expect(
      (await scene.confirm({ accountId: 'account-1' }, { headers: { 'Idempotency-Key': 'once' } })).body,
    ).toEqual(ready.body);
    expect((await scene.confirm()).body).toMatchObject({ code: 'nothing_to_confirm' });
    expect(scene.lab.asked).toEqual(['authorization_code']);
    const audit = (await scene.call('get', '/v1/audit')).body.items.map(
      ({ action }: { action: string }) => action,
    );
    expect(audit).toEqual(expect.arrayContaining(['login.begun', 'login.confirmed']));
  });

  it('gives the same address to a repeated request, another one to a new', async () => {
    const headers = { 'Idempotency-Key': uuid() };
    const [first, again, other] = [
      await scene.begin({}, { headers }),
      await scene.begin({}, { headers }),
      await scene.begin(),
    ];
    for (const name of ['state', 'code_challenge']) {
      expect(again.searchParams.get(name)).toBe(first.searchParams.get(name));
      expect(other.searchParams.get(name)).not.toBe(first.searchParams.get(name));
    }
  });

  it('shows a page in a browser, and sends people back where that is allowed', async () => {
    const page = await scene.comeBack(await scene.lab.visit((await scene.begin()).href), 'text/html,*/*');
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect(page.text).toContain('Ann Ltd');
    expect(page.text).not.toMatch(/<script|src=|href=/);

    const sent = await scene.comeBack(
      await scene.lab.visit((await scene.begin({ returnTo: RETURN_TO })).href),
      'text/html',
    );
    expect(sent.status).toBe(302);
    expect(sent.headers['location']).toBe(
      `https://crm.example.com/back?tab=apps&appId=${scene.appId}&connection=pending`,
    );
    const denied = await scene.lab.visit((await scene.begin({ returnTo: RETURN_TO })).href);
    denied.searchParams.delete('code');
    denied.searchParams.set('error', 'access_denied');
    expect((await scene.comeBack(denied)).headers['location']).toContain(
      'connection=failed&code=access_denied',
    );
  });

  it.each([
    'https://evil.example.com/back',
    'https://crm.example.com.evil.example/back',
    'https://crm.example.com@evil.example/',
    'http://crm.example.com/back',
    '//crm.example.com/back',
    'javascript:alert(1)',
    '/back',
    '',
  ])('refuses to send people to %s', async (returnTo) => {
    const { status, body } = await scene.call('post', `/v1/apps/${scene.appId}/connect`, {
      body: { returnTo },
    });
    expect({ status, code: body.code }).toEqual({ status: 422, code: 'return_not_allowed' });
  });

  it('is confirmed by nobody but who began it', async () => {
    const mine = await scene.api.newKey('admin', true);
    const ann = { 'Sluice-Actor': JSON.stringify({ id: 'ann', name: 'Ann' }) };
    const url = await scene.begin({}, { key: mine, headers: ann });
    await scene.comeBack(await scene.lab.visit(url.href));
    for (const options of [{}, { key: mine }, { key: await scene.api.newKey('admin') }]) {
      expect((await scene.confirm({}, options)).body).toMatchObject({ status: 403, code: 'not_your_login' });
    }
    const { body } = await scene.call('post', '/v1/workspaces', { body: { name: 'Other' } });
    expect((await scene.confirm({}, { key: body.adminKey })).status).toBe(404);
    expect((await scene.confirm({ accountId: 'another' }, { key: mine, headers: ann })).body.code).toBe(
      'account_changed',
    );
    expect((await scene.confirm({}, { key: mine, headers: ann })).status).toBe(200);
  });

  it('keeps to its account once it has run, and wakes what waits for it', async () => {
    await scene.logIn();
    await scene.confirm();
    scene.lab.account = { id: 'account-2', name: 'Bob Ltd' };
    await scene.logIn();
    expect((await scene.confirm()).body.connection).toMatchObject({
      status: 'ready',
      account: scene.lab.account,
    });

    const parked = { status: 'needs_attention', attention: { reason: 'reconnect' } } as const;
    const attention = { ...parked.attention, object: null, evidence: null, since: new Date().toISOString() };
    await scene.api.store.runs.insert(
      runDoc({
        ...{
          workspaceId: 'default',
          appId: scene.appId,
          runId: uuid(),
          providerId: scene.providerId,
          status: parked.status,
        },
        attention: { ...attention, questionId: 'q', code: 'token_revoked', message: 'x', choices: [] },
      }),
    );
    scene.lab.account = { id: 'account-1', name: 'Ann Ltd' };
    await scene.logIn();
    const refused = await scene.confirm();
    expect(refused.body).toMatchObject({ status: 409, code: 'account_changed' });
    expect((await scene.sheet()).connection).toMatchObject({
      status: 'pending',
      problems: [{ code: 'account_changed' }],
      login: { connected: { id: 'account-2' } },
    });
    expect(scene.api.gateway.woken).not.toContain(scene.appId);
    scene.lab.account = { id: 'account-2', name: 'Bob Ltd' };
    await scene.logIn();
    expect((await scene.confirm()).status).toBe(200);
    expect(scene.api.gateway.woken).toContain(scene.appId);
  });

  it('keeps a log-in when the client secret is entered anew, and not when something else is', async () => {
    await scene.logIn();
    await scene.confirm();
    const put = (body: object) => scene.call('put', `/v1/apps/${scene.appId}/credentials`, { body });
    expect((await put({ clientSecret: `${CLIENT_SECRET}-new` })).body.status).toBe('ready');
    scene.lab.access.clear();
    expect((await scene.call('post', `/v1/apps/${scene.appId}/check`)).body.status).toBe('ready');
    expect(scene.lab.secrets).toContain(`${CLIENT_SECRET}-new`);
    expect((await put({ apiKey: 'an-api-key' })).body.status).toBe('needs_attention');
    expect((await scene.call('post', `/v1/apps/${scene.appId}/connect`)).body.code).toBe('not_configured');
  });

  it('needs attention once the provider refuses the tokens, and is ready after a new log-in', async () => {
    await scene.logIn();
    await scene.confirm();
    scene.lab.forget();
    const check = await scene.call('post', `/v1/apps/${scene.appId}/check`);
    expect(check.body).toMatchObject({ status: 'needs_attention', problems: [{ code: 'token_revoked' }] });
    expect(check.body.problems[0].message).toContain('/connect');
    expect(await scene.sheet()).toMatchObject({ runtimeStatus: 'needs_attention' });
    await scene.logIn();
    expect(await scene.sheet()).toMatchObject({ connection: { status: 'pending' } });
    expect((await scene.confirm()).body).toMatchObject({
      runtimeStatus: 'ready',
      connection: { status: 'ready' },
    });
  });

  it('gives tokens back when the app goes', async () => {
    await scene.logIn();
    await scene.confirm();
    scene.lab.revoked.length = 0;
    expect((await scene.call('delete', `/v1/apps/${scene.appId}`)).status).toBe(204);
    expect(scene.lab.revoked).toHaveLength(2);
    expect(await scene.api.store.credentials.get('default', scene.appId)).toBeNull();
  });

  it('says what is missing before anybody is sent anywhere', async () => {
    const codes = async (body: object) => {
      const id = await scene.api.newApp(body);
      const { status, body: said } = await scene.call('post', `/v1/apps/${id}/connect`);
      return { status, code: said.code };
    };
    const missing = { status: 409, code: 'not_configured' };
    expect(await codes({ providerId: scene.providerId, settings: { url: scene.lab.url } })).toEqual(missing);
    expect(
      await codes({ providerId: scene.providerId, settings: { url: scene.lab.url, clientId: 'x' } }),
    ).toEqual(missing);
    expect(await codes({ providerId: 'carddav', settings: { url: 'https://dav.test' } })).toEqual({
      ...{ status: 409, code: 'action_not_supported' },
    });
    expect(
      (
        await scene.call('post', `/v1/apps/${scene.appId}/connect`, {
          key: await scene.api.newKey('operator'),
        })
      ).status,
    ).toBe(403);
    expect(
      (await scene.call('post', `/v1/apps/${scene.appId}/connect`, { body: { returnto: 'x' } })).status,
    ).toBe(400);
    expect((await scene.call('post', `/v1/apps/${uuid()}/connect/confirm`)).status).toBe(404);
  });

  it('keeps every secret out of logs, answers and what is stored in clear', async () => {
    await scene.logIn();
    await scene.confirm();
    const app = must(await scene.api.store.apps.get('default', scene.appId));
    const stored = [app, await scene.api.store.credentials.get('default', scene.appId)];
    const begun = await scene.begin();
    stored.push(must(await scene.api.store.logins.byState(stateHash(begun))) as never);
    const secrets = [...scene.lab.secrets, CLIENT_SECRET, begun.searchParams.get('state') ?? ''];
    expect(secrets.length).toBeGreaterThan(20);
    const everywhere = JSON.stringify([
      stored,
      scene.api.logs,
      scene.answers,
      (await scene.call('get', '/v1/audit')).body,
    ]);
    expect(secrets.filter((secret) => secret.length > 3 && everywhere.includes(secret))).toEqual([]);
  });
});
