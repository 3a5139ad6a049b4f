import { randomBytes, randomUUID } from 'node:crypto';
import { createConnections } from '../../activities/connections/connections.js';
import type { CredentialStore } from '../../activities/connections/connections.js';
import { createSealer, SealBroken, sealingKey } from '../../activities/connections/seal.js';
import { sealSecret } from '../../activities/connections/stored.js';
import type { Tokens } from '../../activities/connections/stored.js';
import type { TokenEndpoint } from '../../activities/connections/token-endpoint.js';
import { ProviderFailure } from '../../activities/providers/provider.js';
import type { CredentialsDoc } from '../../activities/store/documents.js';

const key = () => sealingKey(randomBytes(32).toString('base64'));
const app = { workspaceId: 'w1', appId: 'a1' };
const secret = JSON.stringify({ username: 'ann', password: 'canary-Größe-🔑' });

describe('a sealed secret', () => {
  it('opens for its app, and shows nothing before', () => {
    const sealer = createSealer([key()]);
    const sealed = sealer.seal(app, secret);
    expect(sealer.open(app, sealed)).toBe(secret);
    expect(JSON.stringify(sealed)).not.toContain('canary');
    expect(sealer.seal(app, secret).data).not.toBe(sealed.data);
  });

  it.each([
    ['another app', { workspaceId: 'w1', appId: 'a2' }],
    ['another workspace', { workspaceId: 'w2', appId: 'a1' }],
    ['ids that only together read the same', { workspaceId: 'w', appId: '1a1' }],
  ])('does not open for %s', (_name, other) => {
    const sealer = createSealer([key()]);
    expect(() => sealer.open(other, sealer.seal(app, secret))).toThrow(SealBroken);
  });

  it.each(['data', 'iv', 'tag'] as const)(
    'does not open when its %s was altered, and does not say what was found',
    (part) => {
      const sealer = createSealer([key()]);
      const sealed = sealer.seal(app, secret);
      const bytes = Buffer.from(sealed[part], 'base64');
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      const altered = { ...sealed, [part]: bytes.toString('base64') };
      expect(() => sealer.open(app, altered)).toThrow(/altered.*Enter them again/);
      // A shortened tag would be guessed quickly.
      expect(() => sealer.open(app, { ...sealed, tag: sealed.tag.slice(0, 8) })).toThrow(SealBroken);
    },
  );

  it('outlives a change of keys, and tells that it is old', () => {
    const [old, fresh] = [key(), key()];
    const sealed = createSealer([old]).seal(app, secret);
    const both = createSealer([fresh, old]);
    expect(both.open(app, sealed)).toBe(secret);
    expect(both.isOld(sealed)).toBe(true);
    expect(both.isOld(both.seal(app, secret))).toBe(false);
    expect(() => createSealer([fresh]).open(app, sealed)).toThrow(/does not have/);
  });
});

describe('a key', () => {
  it.each([
    ['Base64', randomBytes(32).toString('base64'), true],
    ['URL-safe Base64', randomBytes(32).toString('base64url'), true],
    ['hexadecimal', randomBytes(32).toString('hex'), true],
    ['too short', randomBytes(16).toString('base64'), false],
    ['a phrase', 'correct horse battery staple and so on', false],
    ['nothing', '', false],
  ])('as %s is taken: it is %#', (_name, text, allowed) => {
    if (allowed) expect(sealingKey(text).key).toHaveLength(32);
    else expect(() => sealingKey(text)).toThrow(/32 bytes/);
  });

  it('is not in the words of a refusal', () => {
    const text = 'canary-not-a-key';
    expect(() => sealingKey(text)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(text) }),
    );
  });
});

describe('connections', () => {
  /** One process; processes that share a `memory()` share their credentials and leases. */
  function connect(
    store: CredentialStore,
    tokens: TokenEndpoint = NO_ENDPOINT,
    sealer = createSealer([key()]),
  ) {
    return createConnections({ store, sealer, tokens, now: () => new Date(), newId: () => randomUUID() });
  }

  it('gives back what was put, until it is removed', async () => {
    const store = memory();
    const connections = connect(store);
    await connections.put(app, { username: 'ann', password: 'canary' });
    expect(JSON.stringify(await store.get('w1', 'a1'))).not.toContain('canary');
    expect(await connections.open(app)).toEqual({ username: 'ann', password: 'canary' });
    await connections.remove(app);
    await expect(connections.open(app)).rejects.toMatchObject({ code: 'credentials_rejected' });
  });

  it('asks a person for them when the key is lost', async () => {
    const store = memory();
    await connect(store).put(app, { password: 'canary' });
    const thrown: unknown = await connect(store)
      .open(app)
      .catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(ProviderFailure);
    expect(thrown).toMatchObject({
      code: 'credentials_rejected',
      message: expect.not.stringContaining('canary'),
    });
  });

  describe('of somebody who logged in', () => {
    const old = {
      accessToken: 'old',
      refreshToken: 'r1',
      obtainedAt: 0,
      tokenUrl: 'https://p.test/token',
      clientId: 'c',
    };

    function loggedIn(refresh: TokenEndpoint['refresh'], more: Partial<Tokens> = {}) {
      const store = memory();
      const sealer = createSealer([key()]);
      const secret = { entered: { clientSecret: 's' }, oauth: { ...old, ...more } };
      const ready = store.put({ ...app, sealed: sealSecret(sealer, app, secret) });
      const process = () => connect(store, { ...NO_ENDPOINT, refresh }, sealer);
      return { ready, process };
    }

    it('asks for a new token once, however many processes met the refusal of the old one', async () => {
      let asked = 0;
      const { ready, process } = loggedIn(async (_client, tokens) => {
        asked += 1;
        await new Promise((resolve) => setImmediate(resolve));
        return { ...tokens, accessToken: 'new', refreshToken: 'r2' };
      });
      await ready;
      const opened = [process(), process(), process()].map((each) => each.open(app, { accessToken: 'old' }));
      expect(await Promise.all(opened)).toEqual(Array(3).fill({ accessToken: 'new' }));
      expect(await process().open(app, { accessToken: 'old' })).toEqual({ accessToken: 'new' });
      expect(asked).toBe(1);
    });

    it('keeps using a token that still lives while the provider gives out none', async () => {
      const now = Date.now();
      const { ready, process } = loggedIn(
        async () => {
          throw new ProviderFailure('provider_unavailable', 'Away.');
        },
        { obtainedAt: now - 3_600_000, expiresAt: now + 30_000 },
      );
      await ready;
      expect(await process().open(app)).toEqual({ accessToken: 'old' });
      await expect(process().open(app, { accessToken: 'old' })).rejects.toMatchObject({
        code: 'provider_unavailable',
      });
    });

    it('asks a person to log in again once the provider revoked it, and the provider no second time', async () => {
      let asked = 0;
      const { ready, process } = loggedIn(async () => {
        asked += 1;
        throw new ProviderFailure('token_revoked', 'No.');
      });
      await ready;
      const revoked = { code: 'token_revoked', message: expect.stringContaining('Log in again') };
      await expect(process().open(app, { accessToken: 'old' })).rejects.toMatchObject(revoked);
      await expect(process().open(app)).rejects.toMatchObject(revoked);
      expect(asked).toBe(1);
    });

    it('says that nobody has logged in where only the secret of the client was entered', async () => {
      const connections = connect(memory());
      await connections.put(app, { clientSecret: 'canary' });
      await expect(connections.open(app)).rejects.toMatchObject({
        message: expect.stringContaining('/connect'),
      });
    });
  });
});

const NO_ENDPOINT: TokenEndpoint = {
  exchange: () => Promise.reject(new Error('nothing is exchanged here')),
  refresh: () => Promise.reject(new Error('nothing is renewed here')),
  revoke: () => Promise.reject(new Error('nothing is given back here')),
};

function memory(): CredentialStore {
  let kept: CredentialsDoc | null = null;
  let holder: string | null = null;
  return {
    get: async () => kept,
    put: async (doc) => void (kept = { ...doc, version: (kept?.version ?? 0) + 1 }),
    remove: async () => void (kept = null),
    async replace(read, sealed) {
      if (kept?.sealed.iv !== read.sealed.iv) return false;
      kept = { ...read, sealed, version: read.version + 1 };
      return true;
    },
    lease: async (_workspaceId, _appId, asking) => {
      if (holder !== null) return null;
      holder = asking;
      return { abandoned: false };
    },
    release: async (_workspaceId, _appId, leaving) => void (holder = holder === leaving ? null : holder),
  };
}
