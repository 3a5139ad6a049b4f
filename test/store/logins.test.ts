import { randomUUID } from 'node:crypto';
import type { AppDoc, LoginDoc } from '../../activities/store/documents.js';
import { must } from '../support/activity-house.js';
import { app as appDoc, ANN } from './makers.js';
import { openStore, type OpenedStore } from './open.js';

const SEALED = { keyId: 'k', iv: 'iv', tag: 't', data: 'd' };

describe('log-ins in the store', () => {
  let opened: OpenedStore;
  let app: AppDoc;
  beforeAll(async () => (opened = await openStore()));
  afterAll(() => opened.drop());
  beforeEach(async () => {
    app = appDoc({ appId: randomUUID() });
    await opened.store.apps.insert(app);
  });

  async function login(changes: Partial<LoginDoc> = {}): Promise<LoginDoc> {
    const made: LoginDoc = {
      ...{ workspaceId: app.workspaceId, appId: app.appId, loginId: randomUUID(), stateHash: randomUUID() },
      ...{ status: 'pending', by: { keyId: 'key', actor: ANN }, returnTo: null, sealed: SEALED },
      place: { authorizeUrl: 'https://a', tokenUrl: 'https://t', clientId: 'c', redirectUri: 'https://r' },
      ...{ account: null, failure: null, startedAt: new Date().toISOString() },
      ...changes,
    };
    await opened.store.logins.insert(made);
    return made;
  }
  const sealedAs = (iv: string) => ({ ...SEALED, iv });

  it('takes each step once, and leaves a log-in that is there alone', async () => {
    const { logins } = opened.store;
    const made = await login({ status: 'begun' });
    await logins.insert({ ...made, stateHash: 'another' });
    expect(await logins.byState(made.stateHash)).toEqual(made);
    const steps = await Promise.all(
      Array.from({ length: 5 }, () => logins.step(made, { status: 'returned', sealed: sealedAs('2') })),
    );
    expect(steps.filter((step) => step !== null)).toEqual([
      { ...made, status: 'returned', sealed: sealedAs('2') },
    ]);
    expect(await logins.byState('of nobody')).toBeNull();
  });

  it('confirms whole, and only over what was read', async () => {
    const { logins, credentials, apps } = opened.store;
    const made = await login();
    await credentials.put({ workspaceId: app.workspaceId, appId: app.appId, sealed: sealedAs('first') });
    const over = must(await credentials.get(app.workspaceId, app.appId));
    const confirm = (changes: Partial<Parameters<typeof logins.confirm>[0]> = {}) =>
      logins.confirm({
        login: made,
        sealed: sealedAs('tokens'),
        over,
        app: { ...app, paused: true },
        ...changes,
      });

    expect(await confirm({ over: null })).toBe(false);
    expect(await confirm({ over: { ...over, sealed: sealedAs('other') } })).toBe(false);
    expect(await confirm({ app: { ...app, revision: app.revision + 1 } })).toBe(false);
    expect(await credentials.get(app.workspaceId, app.appId)).toEqual(over);
    const both = await Promise.all([confirm(), confirm()]);
    expect(both.sort()).toEqual([false, true]);
    expect(await credentials.get(app.workspaceId, app.appId)).toMatchObject({
      version: 2,
      sealed: { iv: 'tokens' },
    });
    expect(await apps.get(app.workspaceId, app.appId)).toMatchObject({
      paused: true,
      revision: app.revision + 1,
    });
    expect(await logins.get(app.workspaceId, app.appId, made.loginId)).toMatchObject({
      ...{ status: 'confirmed', sealed: null },
    });
    expect(await confirm()).toBe(false);
  });

  it('finds the old ones that nobody finished, and forgets those of an app that goes', async () => {
    const { logins } = opened.store;
    const longAgo = new Date(Date.now() - 7_200_000).toISOString();
    const old = await login({ startedAt: longAgo });
    await login({ startedAt: longAgo, status: 'confirmed' });
    await login({ startedAt: longAgo, status: 'failed' });
    const fresh = await login();
    const stale = await logins.stale(new Date(Date.now() - 3_600_000).toISOString(), 100);
    expect(stale.filter(({ appId }) => appId === app.appId)).toEqual([old]);
    await logins.removeAll(app.workspaceId, app.appId);
    for (const { loginId } of [old, fresh])
      expect(await logins.get(app.workspaceId, app.appId, loginId)).toBeNull();
  });
});
