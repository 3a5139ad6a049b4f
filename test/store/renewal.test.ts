import { randomUUID } from 'node:crypto';
import { sealSecret, type Tokens } from '../../activities/connections/stored.js';
import { createConnections } from '../../activities/connections/connections.js';
import { createTokenEndpoint } from '../../activities/connections/token-endpoint.js';
import { StoreUnavailable, type Credentials } from '../../activities/store/store.js';
import { NETWORK, oauthDesk } from '../support/oauth-desk.js';
import { startOAuthLab, type OAuthLab } from '../support/oauth-lab.js';
import { openStore, type OpenedStore } from './open.js';

const KEY = Buffer.alloc(32, 9).toString('base64');

describe('renewing tokens', () => {
  let opened: OpenedStore;
  let lab: OAuthLab;
  let app: { workspaceId: string; appId: string };
  beforeAll(async () => {
    opened = await openStore();
    lab = await startOAuthLab();
  });
  afterAll(async () => {
    await lab.close();
    await opened.drop();
  });
  beforeEach(() => {
    Object.assign(lab, { rotates: true, failing: null, expiresIn: 3_600 });
    lab.asked.length = 0;
    app = { workspaceId: 'w', appId: randomUUID() };
  });

  const process = (store: Credentials = opened.store.credentials) =>
    oauthDesk({ ...opened.store, credentials: store }, KEY);
  /** Tokens as a log-in left them, of which the access token has run out. */
  async function connected(tokens: Partial<Tokens> = {}): Promise<void> {
    lab.refresh.add('refresh-0');
    const oauth: Tokens = {
      ...{
        accessToken: 'access-0',
        refreshToken: 'refresh-0',
        clientId: 'sluice',
        tokenUrl: `${lab.url}/token`,
      },
      ...{ obtainedAt: Date.now() - 60_000, expiresAt: Date.now() - 1 },
      ...tokens,
    };
    const sealed = sealSecret(process().sealer, app, { entered: { clientSecret: 'secret' }, oauth });
    await opened.store.credentials.put({ ...app, sealed });
  }
  const stored = async (): Promise<Record<string, unknown>> => {
    const doc = await opened.store.credentials.get(app.workspaceId, app.appId);
    return JSON.parse(process().sealer.open(app, doc?.sealed ?? never())) as Record<string, unknown>;
  };
  const never = (): never => {
    throw new Error('nothing is stored');
  };

  it('uses a refresh token once, however many processes find the access token refused', async () => {
    await connected({ expiresAt: Date.now() + 3_600_000 });
    const processes = Array.from({ length: 6 }, () => process());
    const got = await Promise.all(
      processes.map(({ connections }) => connections.open(app, { accessToken: 'access-0' })),
    );
    expect(new Set(got.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(lab.asked).toEqual(['refresh_token']);
    expect(lab.access).toContain((got[0] as { accessToken: string }).accessToken);
  });

  it('keeps what it got when the client secret is entered anew at that moment', async () => {
    await connected();
    const { credentials } = opened.store;
    const interrupted: Credentials = {
      ...credentials,
      get: (...key) => credentials.get(...key),
      lease: async (...args) => {
        const lease = await credentials.lease(...args);
        lab.failing = null;
        return lease;
      },
      replace: async (read, sealed) => {
        const now = (await stored())['oauth'] as Tokens;
        if (now.accessToken === 'access-0' && read.version === 1) {
          const entered = sealSecret(process().sealer, app, {
            entered: { clientSecret: 'newer' },
            oauth: now,
          });
          expect(await credentials.replace(read, entered)).toBe(true);
        }
        return credentials.replace(read, sealed);
      },
    };
    const got = await process(interrupted).connections.open(app);
    expect(await stored()).toMatchObject({ clientSecret: 'newer', oauth: got });
    expect(lab.asked).toEqual(['refresh_token']);
  });

  it('does not lose a rotated token to a store that is away for a moment, written or not', async () => {
    for (const written of [false, true]) {
      await connected();
      lab.asked.length = 0;
      const { credentials } = opened.store;
      let away = 2;
      const flaky: Credentials = {
        ...credentials,
        replace: async (read, sealed) => {
          if (away === 0) return credentials.replace(read, sealed);
          away -= 1;
          if (written) await credentials.replace(read, sealed);
          throw new StoreUnavailable('It is away.');
        },
      };
      const got = await process(flaky).connections.open(app);
      expect(await stored()).toMatchObject({ oauth: got });
      expect(lab.asked).toEqual(['refresh_token']);
      app = { ...app, appId: randomUUID() };
    }
  });

  it('gives way to somebody who logged in meanwhile', async () => {
    await connected();
    const { credentials } = opened.store;
    const raced: Credentials = {
      ...credentials,
      replace: async (read, sealed) => {
        if (read.version === 1)
          await connected({ accessToken: 'of a new log-in', expiresAt: Date.now() + 3_600_000 });
        return credentials.replace(read, sealed);
      },
    };
    expect(await process(raced).connections.open(app)).toEqual({ accessToken: 'of a new log-in' });
  });

  it('asks once when the provider refuses the refresh token, and says so from then on', async () => {
    await connected();
    lab.forget();
    for (const { connections } of [process(), process()]) {
      await expect(connections.open(app)).rejects.toMatchObject({
        ...{ code: 'token_revoked', message: expect.stringContaining('/connect') },
      });
    }
    expect(lab.asked).toEqual(['refresh_token']);
  });

  it('says that a worker was stopped where one died with the lease', async () => {
    await connected();
    lab.forget();
    await opened.store.credentials.lease(app.workspaceId, app.appId, 'dead', 1);
    await expect(process().connections.open(app)).rejects.toMatchObject({
      message: expect.stringContaining('was stopped while it renewed'),
    });
  });

  it('goes on with a token that still lives while the provider is away', async () => {
    await connected({ expiresAt: Date.now() + 5_000 });
    lab.failing = (response) => Object.assign(response, { statusCode: 503, body: {} });
    expect(await process().connections.open(app)).toEqual({ accessToken: 'access-0' });
    await expect(process().connections.open(app, { accessToken: 'access-0' })).rejects.toMatchObject({
      code: 'provider_unavailable',
    });
  });

  it('keeps a refresh token that is good for ever', async () => {
    lab.rotates = false;
    await connected();
    const first = await process().connections.open(app);
    expect(await stored()).toMatchObject({ oauth: { ...(first as object), refreshToken: 'refresh-0' } });
  });

  it('reaches no token endpoint that the deployment does not allow', async () => {
    await connected();
    const tokens = createTokenEndpoint({
      network: { ...NETWORK, allowPrivate: false },
      now: () => new Date(),
    });
    const { sealer } = process();
    const strict = createConnections({
      ...{
        store: opened.store.credentials,
        sealer,
        tokens,
        now: () => new Date(),
        newId: () => randomUUID(),
      },
    });
    await expect(strict.open(app)).rejects.toMatchObject({ code: 'provider_contract_broken' });
    expect(lab.asked).toEqual([]);
  });
});
