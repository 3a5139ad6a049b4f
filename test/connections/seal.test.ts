import { randomBytes } from 'node:crypto';
import { createConnections } from '../../activities/connections/connections.js';
import type { CredentialStore } from '../../activities/connections/connections.js';
import { createSealer, SealBroken, sealingKey } from '../../activities/connections/seal.js';
import type { Sealed } from '../../activities/connections/seal.js';
import { ProviderFailure } from '../../activities/providers/provider.js';

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
  function memory(): CredentialStore & { kept: Map<string, Sealed> } {
    const kept = new Map<string, Sealed>();
    return {
      kept,
      get: async (workspaceId, appId) => {
        const sealed = kept.get(`${workspaceId}/${appId}`);
        return sealed === undefined ? null : { sealed };
      },
      put: async ({ workspaceId, appId, sealed }) => void kept.set(`${workspaceId}/${appId}`, sealed),
      remove: async (workspaceId, appId) => void kept.delete(`${workspaceId}/${appId}`),
    };
  }

  it('gives back what was put, until it is removed', async () => {
    const store = memory();
    const connections = createConnections({ store, sealer: createSealer([key()]) });
    await connections.put(app, { username: 'ann', password: 'canary' });
    expect(JSON.stringify([...store.kept])).not.toContain('canary');
    expect(await connections.open(app)).toEqual({ username: 'ann', password: 'canary' });
    await connections.remove(app);
    await expect(connections.open(app)).rejects.toMatchObject({ code: 'credentials_rejected' });
  });

  it('asks a person for them when the key is lost', async () => {
    const store = memory();
    await createConnections({ store, sealer: createSealer([key()]) }).put(app, { password: 'canary' });
    const thrown: unknown = await createConnections({ store, sealer: createSealer([key()]) })
      .open(app)
      .catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(ProviderFailure);
    expect(thrown).toMatchObject({
      code: 'credentials_rejected',
      message: expect.not.stringContaining('canary'),
    });
  });
});
