import { EmailTaken } from '../../activities/store/store.js';
import type { ReviewDoc } from '../../activities/store/run-documents.js';
import { ANN, APP, app, never, NOW, record, REF, run, WS } from './makers.js';
import { openStore, type OpenedStore } from './open.js';

/** The smaller collections: what is guarded, what may be repeated, and that odd keys come back as they were. */

let now = new Date(NOW);
let opened: OpenedStore;
beforeAll(async () => {
  opened = await openStore({ now: () => now });
});
beforeEach(() => {
  now = new Date(NOW);
});
afterEach(() => opened.clear());
afterAll(() => opened.drop());

const odd = { 'address.city': 'City', $where: 'x', '100%': { 'a%2Eb': 1 }, 'jane@corp.example': 'm1' };

describe('apps', () => {
  it('keep mappings and settings with any key', async () => {
    const { apps } = opened.store;
    const mine = app({
      settings: odd,
      mapping: {
        objects: { contacts: { fields: { 'address.city': 'City', $x: null } } },
        owners: odd as never,
        statuses: {},
      },
    });
    await apps.insert(mine);
    expect(await apps.get(WS, APP)).toEqual(mine);
    expect((await apps.list(WS, { limit: 5 })).items).toEqual([mine]);
    expect(await apps.get('other', APP)).toBeNull();
  });

  it('are replaced only as they were read, and patched whatever they are', async () => {
    const { apps } = opened.store;
    await apps.insert(app());
    const patched = await apps.patch(WS, APP, { lastImportedAt: NOW });
    expect(patched).toMatchObject({ revision: 2, lastImportedAt: NOW });
    expect(await apps.replace(app({ name: 'Stale' }))).toBeNull();
    expect(await apps.replace({ ...patched!, name: 'New' })).toMatchObject({ revision: 3, name: 'New' });
    expect(await apps.patch(WS, 'none', { name: 'x' })).toBeNull();
  });
});

describe('runs', () => {
  it('are inserted once', async () => {
    const { runs } = opened.store;
    expect(await runs.insert(run())).toBe(true);
    expect(await runs.insert(run({ status: 'failed' }))).toBe(false);
    expect(await runs.get(WS, REF.runId)).toEqual(run());
  });

  it('rise in revision with each change, and never leave a terminal status', async () => {
    const { runs } = opened.store;
    await runs.insert(run());
    now = new Date('2026-05-01T11:00:00.000Z');
    const first = await runs.patch(WS, REF.runId, { step: 'transfer', pinned: null });
    expect(first).toMatchObject({ revision: 2, step: 'transfer', updatedAt: '2026-05-01T11:00:00.000Z' });
    expect(await runs.patch(WS, REF.runId, { status: 'paused' }, { status: ['needs_attention'] })).toBeNull();
    await runs.patch(WS, REF.runId, { status: 'cancelled', endedAt: NOW });
    expect(await runs.patch(WS, REF.runId, { status: 'running' })).toBeNull();
    expect(await runs.patch(WS, REF.runId, { status: 'cancelled', undoExpired: true })).toMatchObject({
      revision: 4,
    });
    expect(await runs.patch(WS, REF.runId, { reviewState: 'cleaned_up' })).toMatchObject({
      status: 'cancelled',
    });
    expect(await runs.revision(WS, REF.runId)).toEqual({ revision: 5, status: 'cancelled' });
    expect(await runs.patch(WS, 'none', { step: 'close' })).toBeNull();
  });

  it('change one object, tell their control, and go when they never started', async () => {
    const { runs } = opened.store;
    await runs.insert(run());
    await runs.patchObject(WS, REF.runId, 'contacts', { state: 'transferring', startedAt: NOW });
    await runs.patchObject(WS, REF.runId, 'deals', { state: 'failed' });
    const stored = await runs.get(WS, REF.runId);
    expect(stored?.objects).toEqual([
      { object: 'contacts', state: 'transferring', providerTotal: null, startedAt: NOW, endedAt: null },
    ]);
    await runs.patch(WS, REF.runId, { control: 'pause', startedAt: NOW });
    expect(await runs.control(WS, REF.runId)).toBe('pause');
    expect(await runs.control(WS, 'none')).toBeNull();
    await runs.removeUnstarted(WS, REF.runId);
    expect(await runs.get(WS, REF.runId)).not.toBeNull();
    await runs.insert(run({ runId: 'run-2' }));
    await runs.removeUnstarted(WS, 'run-2');
    expect(await runs.get(WS, 'run-2')).toBeNull();
  });

  it('are found by app, by age and by what waits for a person', async () => {
    const { runs } = opened.store;
    const waiting = {
      reason: 'review',
      object: 'contacts',
      questionId: null,
      code: null,
      message: null,
      choices: [],
    } as const;
    await runs.insert(run({ runId: 'r1', status: 'completed', endedAt: '2026-01-01T00:00:00Z' }));
    await runs.insert(
      run({
        runId: 'r2',
        status: 'needs_attention',
        attention: { ...waiting, choices: [], since: '2026-04-01T00:00:00Z', evidence: { 'a.b': 1 } },
        updatedAt: '2026-04-01T00:00:00Z',
      }),
    );
    await runs.insert(run({ runId: 'r3', appId: 'app-2' }));
    await runs.insert(run({ runId: 'r4', workspaceId: 'other' }));
    const ids = (found: readonly { runId: string }[]): string[] => found.map((each) => each.runId);
    expect(ids((await runs.list(WS, { appId: APP }, { limit: 9 })).items)).toEqual(['r2', 'r1']);
    expect(ids((await runs.list(WS, { status: 'running' }, { limit: 9 })).items)).toEqual(['r3']);
    expect(ids(await runs.live(WS, APP))).toEqual(['r2']);
    expect(ids(await runs.untouched('2026-04-02T00:00:00Z', 9))).toEqual(['r2']);
    expect(ids(await runs.expired('2026-02-01T00:00:00Z', 9))).toEqual(['r1']);
    expect(await runs.oldestReviewSince()).toBe('2026-04-01T00:00:00Z');
    expect((await runs.countByStatus()).sort((a, b) => a.runs - b.runs)).toEqual([
      { status: 'completed', runs: 1 },
      { status: 'needs_attention', runs: 1 },
      { status: 'running', runs: 2 },
    ]);
  });
});

describe('idempotency', () => {
  const request = { workspaceId: WS, route: 'POST /v1/apps', key: 'k/1', requestHash: 'h1', token: 't1' };

  it('knows a key in each of its states', async () => {
    const { idempotency } = opened.store;
    expect(await idempotency.begin(request)).toEqual({ state: 'fresh', token: 't1' });
    expect(await idempotency.begin({ ...request, token: 't2' })).toEqual({
      state: 'known',
      token: 't1',
      answer: null,
    });
    expect(await idempotency.begin({ ...request, requestHash: 'h2' })).toEqual({ state: 'different' });
    expect(await idempotency.begin({ ...request, route: 'other' })).toMatchObject({ state: 'fresh' });
    const answer = { status: 201, body: { 'a.b': 1 } };
    await idempotency.finish(WS, request.route, request.key, answer);
    await idempotency.finish(WS, request.route, request.key, { status: 500, body: null });
    expect(await idempotency.begin(request)).toEqual({ state: 'known', token: 't1', answer });
  });

  it('lets one of many begin, and forgets after a day', async () => {
    const { idempotency } = opened.store;
    const begun = await Promise.all(['a', 'b', 'c'].map((token) => idempotency.begin({ ...request, token })));
    expect(begun.filter((each) => each.state === 'fresh')).toHaveLength(1);
    now = new Date('2026-05-02T10:00:01.000Z');
    expect(await idempotency.begin({ ...request, requestHash: 'h2', token: 't9' })).toEqual({
      state: 'fresh',
      token: 't9',
    });
  });
});

describe('members', () => {
  const member = (memberId: string, email: string) => ({
    workspaceId: WS,
    memberId,
    name: memberId,
    email,
    createdAt: NOW,
    removedAt: null,
  });

  it('have an e-mail of their own while they are active', async () => {
    const { members } = opened.store;
    expect(await members.insert(member('m1', 'Ann@corp.example'))).toBe(true);
    expect(await members.insert(member('m2', 'ann@Corp.example'))).toBe(false);
    expect(await members.insert({ ...member('m3', 'ann@corp.example'), workspaceId: 'other' })).toBe(true);
    expect(await members.insert(member('m4', 'bob@corp.example'))).toBe(true);
    await expect(members.update(WS, 'm4', { email: 'ann@corp.example' })).rejects.toThrow(EmailTaken);
    expect((await members.get(WS, 'm4'))?.email).toBe('bob@corp.example');
    await members.update(WS, 'm1', { removedAt: NOW });
    expect(await members.update(WS, 'm4', { email: 'ann@corp.example' })).toMatchObject({
      email: 'ann@corp.example',
    });
    expect(await members.insert(member('m5', 'bob@corp.example'))).toBe(true);
    expect((await members.active(WS)).map((each) => each.memberId).sort()).toEqual(['m4', 'm5']);
    expect((await members.list(WS, { limit: 9 })).items).toHaveLength(3);
    expect(await members.update(WS, 'none', { name: 'x' })).toBeNull();
  });
});

describe('insert-only ones', () => {
  const review = (at: string): ReviewDoc => ({
    ...{ workspaceId: WS, runId: REF.runId, object: 'contacts', decision: 'accept', cleanupBy: null },
    ...{ confirmed: [], note: null, actor: ANN, at },
  });

  it('keep a repeated review once, in order', async () => {
    const { reviews } = opened.store;
    for (const at of ['2026-05-02', '2026-05-01', '2026-05-02']) await reviews.insert(review(at));
    expect((await reviews.list(REF)).map((each) => each.at)).toEqual(['2026-05-01', '2026-05-02']);
  });

  it('keep a frozen checklist', async () => {
    const { checklists } = opened.store;
    const list = {
      workspaceId: WS,
      runId: REF.runId,
      object: 'contacts',
      items: [],
      frozenAt: null,
      madeAt: NOW,
    } as const;
    await checklists.put({ ...list, items: [] });
    await checklists.put({ ...list, items: [], frozenAt: NOW });
    await checklists.put({ ...list, items: [], madeAt: 'later' });
    expect(await checklists.get(REF, 'contacts')).toMatchObject({ frozenAt: NOW, madeAt: NOW });
  });

  it('open a hold once and end it once', async () => {
    const { holds } = opened.store;
    const hold = {
      workspaceId: WS,
      runId: REF.runId,
      appId: APP,
      workflowId: 'w',
      temporalRunId: 't',
      openedAt: NOW,
      endedAt: null,
      endedBy: null,
    };
    await holds.open(hold);
    await holds.open(hold);
    expect(await holds.live(null, 5)).toEqual([hold]);
    expect(await holds.live('other', 5)).toEqual([]);
    await holds.end(WS, REF.runId, 'sweeper', NOW);
    await holds.end(WS, REF.runId, 'run', 'later');
    expect(await holds.live(WS, 5)).toEqual([]);
  });

  it('show answers for an hour, secrets by their latest version, keys by their hash', async () => {
    const { answers, credentials, keys } = opened.store;
    expect(await answers.begun('a/1')).toBe(false);
    await answers.begin('a/1');
    expect(await answers.begun('a/1')).toBe(true);
    expect(await answers.get('a/1')).toBeNull();
    await answers.put('a/1', { result: { 'a.b': [1] } });
    await answers.begin('a/1');
    expect(await answers.get('a/1')).toEqual({ result: { 'a.b': [1] } });
    now = new Date('2026-05-01T11:00:01.000Z');
    expect(await answers.get('a/1')).toBeNull();
    const sealed = { keyId: 'k', iv: 'i', tag: 't', data: 'd' };
    await credentials.put({ workspaceId: WS, appId: APP, sealed });
    await credentials.put({ workspaceId: WS, appId: APP, sealed: { ...sealed, data: 'e' } });
    expect(await credentials.get(WS, APP)).toEqual({
      workspaceId: WS,
      appId: APP,
      version: 2,
      sealed: { ...sealed, data: 'e' },
    });
    await credentials.remove(WS, APP);
    expect(await credentials.get(WS, APP)).toBeNull();
    const key = {
      workspaceId: WS,
      keyId: 'k1',
      name: 'n',
      role: 'viewer',
      actAs: false,
      hash: 'ff',
      createdAt: NOW,
      createdBy: ANN,
      revokedAt: null,
    } as const;
    await keys.insert(key);
    expect(await keys.byHash('ff')).toEqual(key);
    expect(await keys.update(WS, 'k1', { revokedAt: NOW })).toEqual({ ...key, revokedAt: NOW });
    expect(await keys.update('other', 'k1', { name: 'x' })).toBeNull();
  });
});

it('removes everything of one workspace and nothing of another', async () => {
  const { store } = opened;
  const space = (workspaceId: string) => ({ workspaceId, name: workspaceId, country: null, createdAt: NOW });
  expect(await store.workspaces.insert(space(WS))).toBe(true);
  expect(await store.workspaces.insert(space(WS))).toBe(false);
  await store.workspaces.insert(space(`${WS}x`));
  for (const workspaceId of [WS, `${WS}x`]) {
    await store.apps.insert(app({ workspaceId }));
    const turn = await store.turns.acquire(workspaceId, 'contacts', 'h', never());
    expect(await store.records.insert(record('r1', { workspaceId }), turn)).toBe('written');
  }
  expect(await store.workspaces.remove(WS)).toBe(true);
  expect(await store.workspaces.remove(WS)).toBe(false);
  expect(await store.apps.get(WS, APP)).toBeNull();
  expect(await store.records.byIds(WS, ['r1'])).toEqual([]);
  expect(await store.records.byIds(`${WS}x`, ['r1'])).toHaveLength(1);
  expect((await store.workspaces.list({ limit: 5 })).items.map((each) => each.workspaceId)).toEqual([
    `${WS}x`,
  ]);
});
