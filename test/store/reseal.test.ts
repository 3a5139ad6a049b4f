import { randomBytes } from 'node:crypto';
import { resealAll, SIGNING_KEY } from '../../activities/connections/reseal.js';
import { createSealer, sealingKey } from '../../activities/connections/seal.js';
import { openStore, type OpenedStore } from './open.js';

const key = (): ReturnType<typeof sealingKey> => sealingKey(randomBytes(32).toString('base64'));
const [first, second, foreign] = [key(), key(), key()];
const AT = '2026-01-01T00:00:00.000Z';
const app = (appId: string): { workspaceId: string; appId: string } => ({ workspaceId: 'w', appId });

describe('a new sealing key', () => {
  let opened: OpenedStore;
  beforeAll(async () => (opened = await openStore()));
  afterAll(() => opened.drop());

  it('seals anew what an older one sealed, and leaves what it cannot open', async () => {
    const { store } = opened;
    const before = createSealer([first]);
    for (let at = 0; at < 250; at += 1)
      await store.credentials.put({ ...app(`a${at}`), sealed: before.seal(app(`a${at}`), `secret ${at}`) });
    const lost = createSealer([foreign]).seal(app('lost'), 'nobody knows');
    await store.credentials.put({ ...app('lost'), sealed: lost });
    await store.signingKeys.insert({
      ...{ keyId: 'k1', publicKey: 'x', createdAt: AT },
      sealed: before.seal(SIGNING_KEY, 'the private half'),
    });

    const sealer = createSealer([second, first]);
    const args = { store, sealer, mayGoOn: () => true };
    expect(await resealAll(args)).toEqual({ sealedAnew: 251, unreadable: 1 });
    expect(await resealAll(args)).toEqual({ sealedAnew: 0, unreadable: 1 });

    const after = createSealer([second]);
    const found = await store.credentials.get('w', 'a249');
    expect(found && after.open(app('a249'), found.sealed)).toBe('secret 249');
    const signing = await store.signingKeys.get();
    expect(signing && after.open(SIGNING_KEY, signing.sealed)).toBe('the private half');
    expect((await store.credentials.get('w', 'lost'))?.sealed).toEqual(lost);
  });
});
