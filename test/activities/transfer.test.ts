import { filesProvider } from '../../activities/providers/files/provider.js';
import { StoreUnavailable } from '../../activities/store/store.js';
import { environment, gate, openHouse, type House } from '../support/activity-house.js';
import { uploadFile } from '../support/house-files.js';
import { people, scriptedProvider } from '../support/scripted-provider.js';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

describe('a slice', () => {
  it('moves one page first, then goes on from the stored position', async () => {
    const { provider, script } = scriptedProvider();
    script.answers = { contacts: [people(3), people(3, 4), people(2, 7)] };
    const ref = await house.begin(await house.install(provider));
    script.asked = [];

    expect(await house.slice(ref)).toEqual({ state: 'more' });
    expect(script.asked).toEqual(['contacts from 0']);
    expect(await house.counts(ref)).toMatchObject({ fetched: 3, created: 3, staged: 1, applied: 1 });

    expect(await house.slice(ref, { slice: 1, pages: 2 })).toEqual({ state: 'done' });
    expect(script.asked).toEqual(['contacts from 0', 'contacts from 1', 'contacts from 2']);
    expect(await house.counts(ref)).toMatchObject({ fetched: 8, created: 8 });
    expect(await house.records(ref.workspaceId)).toHaveLength(8);
    expect(script.openSessions).toBe(0);
  });

  it('is done with nothing where the source has nothing', async () => {
    const { provider } = scriptedProvider();
    const ref = await house.begin(await house.install(provider));
    expect(await house.slice(ref)).toEqual({ state: 'done' });
    expect(await house.counts(ref)).toMatchObject({ fetched: 0, created: 0, staged: 0 });
  });

  it('goes on past an empty answer that is not the last', async () => {
    const { provider, script } = scriptedProvider();
    script.answers = { contacts: [[], people(2), []] };
    const ref = await house.begin(await house.install(provider));
    expect(await house.transfer(ref)).toEqual({ state: 'done' });
    expect(await house.counts(ref)).toMatchObject({ fetched: 2, created: 2, staged: 1 });
  });

  it('cuts one large answer into pages, of which only the last carries the cursor', async () => {
    const { provider, script } = scriptedProvider();
    script.answers = { contacts: [people(1_700), people(10, 1_701)] };
    const ref = await house.begin(await house.install(provider));
    script.asked = [];

    expect(await house.slice(ref)).toEqual({ state: 'more' });
    expect(await house.counts(ref)).toMatchObject({ fetched: 1_700, created: 500, staged: 4, applied: 1 });
    // The rest of the answer lies in the store: nothing is asked for twice.
    expect(await house.slice(ref, { slice: 1, pages: 2 })).toEqual({ state: 'more' });
    expect(script.asked).toEqual(['contacts from 0']);
    expect(await house.slice(ref, { slice: 2, pages: 4 })).toEqual({ state: 'done' });
    expect(script.asked).toEqual(['contacts from 0', 'contacts from 1']);
    expect(await house.counts(ref)).toMatchObject({ fetched: 1_710, created: 1_710, staged: 5, applied: 5 });
  });

  it('stages everything before the first write where a backup comes first', async () => {
    const { provider, script } = scriptedProvider();
    script.answers = { contacts: [people(2), people(2, 3), people(2, 5)] };
    const ref = await house.begin(await house.install(provider), ['contacts'], {
      options: { backupFirst: true },
    });
    expect(await house.slice(ref)).toEqual({ state: 'more' });
    expect(await house.slice(ref, { slice: 1, pages: 2 })).toEqual({ state: 'more' });
    expect(await house.counts(ref)).toMatchObject({ fetched: 6, created: 0, staged: 3, applied: 0 });
    expect(await house.records(ref.workspaceId)).toEqual([]);

    script.answers = {};
    expect(await house.slice(ref, { slice: 2, pages: 4 })).toEqual({ state: 'done' });
    expect(await house.counts(ref)).toMatchObject({ fetched: 6, created: 6 });
  });

  it('reads no more of a file than the limit says', async () => {
    const app = await house.install(filesProvider);
    const rows = Array.from({ length: 30 }, (_, n) => `K${n},Person ${n},p${n}@people.example`);
    await uploadFile(house, app, ['Id,Name,E-mail', ...rows, ''].join('\n'));
    const ref = await house.begin(app, ['contacts'], { options: { limit: 7 } });
    expect(await house.transfer(ref)).toEqual({ state: 'done' });
    expect(await house.counts(ref)).toMatchObject({ fetched: 7, created: 7 });
    const { objects } = await house.theRun(ref);
    expect(objects[0]?.providerTotal).toBe(7);
  });
});

describe('a person who says stop', () => {
  it.each([
    ['pause', 'paused'],
    ['cancel', 'cancelled'],
  ] as const)('%s takes effect before the next page', async (control, state) => {
    const { provider, script } = scriptedProvider();
    const ref = await house.begin(await house.install(provider));
    const first = gate();
    const { store } = house;
    const apply: typeof store.pages.apply = async (commit) => {
      const result = await store.pages.apply(commit);
      first.open();
      return result;
    };
    script.answers = {
      contacts: [
        people(2),
        async () => {
          await first.opened;
          await house.run('setControl', { ref, control });
          return people(2, 3);
        },
        people(2, 5),
      ],
    };
    script.asked = [];
    const deps = { store: { ...store, pages: { ...store.pages, apply } } };
    expect(await house.slice(ref, { pages: 5 }, { deps })).toEqual({ state });
    // The page that was being read is kept; it is not written, and nothing more is asked for.
    expect(await house.counts(ref)).toMatchObject({ staged: 2, applied: 1, created: 2 });
    expect(script.asked).toEqual(['contacts from 0', 'contacts from 1']);
  });

  it.each([{}, { backupFirst: true }])('is obeyed before anything is asked for %j', async (options) => {
    const { provider, script } = scriptedProvider();
    script.answers = { contacts: [people(2), people(2, 3)] };
    const ref = await house.begin(await house.install(provider), ['contacts'], { options });
    await house.run('setControl', { ref, control: 'pause' });
    script.asked = [];
    expect(await house.slice(ref)).toEqual({ state: 'paused' });
    expect(script.asked).toEqual([]);
    await house.run('setControl', { ref, control: 'go' });
    expect(await house.transfer(ref, 'contacts', { slice: 1 })).toEqual({ state: 'done' });
    expect(await house.counts(ref)).toMatchObject({ fetched: 4, created: 4 });
  });

  it('cannot be unsaid once it was cancel', async () => {
    const { provider } = scriptedProvider();
    const ref = await house.begin(await house.install(provider));
    await house.run('setControl', { ref, control: 'cancel' });
    await house.run('setControl', { ref, control: 'go' });
    expect(await house.slice(ref)).toEqual({ state: 'cancelled' });
  });

  it('ends a provider that hangs when Temporal cancels, and a later slice goes on', async () => {
    const { provider, script } = scriptedProvider();
    const ref = await house.begin(await house.install(provider));
    const env = environment();
    const hangs = (signal: AbortSignal): Promise<never> =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
        env.cancel('CANCELLED');
      });
    script.answers = { contacts: [people(2), hangs] };
    await expect(house.slice(ref, { pages: 3 }, { environment: env })).rejects.toMatchObject({
      name: 'CancelledFailure',
    });
    expect(script.openSessions).toBe(0);
    script.answers = { contacts: [people(2), people(2, 3)] };
    expect(await house.transfer(ref, 'contacts', { slice: 1 })).toEqual({ state: 'done' });
    expect(await house.counts(ref)).toMatchObject({ fetched: 4, created: 4 });
  });
});

describe('what nobody expected', () => {
  it('is tried again three times and then called a bug, without its words', async () => {
    const { provider, script } = scriptedProvider();
    const ref = await house.begin(await house.install(provider));
    script.answers = {
      contacts: [
        people(2),
        () => {
          throw new TypeError('canary of a record');
        },
      ],
    };
    for (const attempt of [1, 2, 3]) {
      const failure: unknown = await house
        .slice(ref, { pages: 3 }, { attempt })
        .catch((error: unknown) => error);
      expect(failure).toMatchObject({ type: 'bug', nonRetryable: false });
      expect(String(failure)).not.toContain('canary');
    }
    const end = await house.slice(ref, { pages: 3 }, { attempt: 4 });
    expect(end).toMatchObject({ state: 'failed', failure: { code: 'bug' } });
    expect(JSON.stringify(end)).not.toContain('canary');
    expect(await house.counts(ref)).toMatchObject({ fetched: 2, created: 2 });
  });

  it('ends a provider that answers nothing at all, instead of asking for ever', async () => {
    const { provider, script } = scriptedProvider();
    script.answers = { contacts: [people(1), people(1, 2)] };
    const ref = await house.begin(await house.install(provider));
    expect(await house.slice(ref)).toEqual({ state: 'more' });
    script.answers = { contacts: [people(1)] };
    expect(await house.slice(ref, { slice: 1 })).toMatchObject({
      state: 'failed',
      failure: { code: 'provider_contract_broken' },
    });
    expect(await house.counts(ref)).toMatchObject({ fetched: 1, created: 1 });
  });

  it('leaves a store that is away to Temporal, however often', async () => {
    const { provider, script } = scriptedProvider();
    script.answers = { contacts: [people(2)] };
    const ref = await house.begin(await house.install(provider));
    const { store } = house;
    const away = { ...store.pages, stage: () => Promise.reject(new StoreUnavailable('away')) };
    const deps = { store: { ...store, pages: away } };
    await expect(house.slice(ref, {}, { deps, attempt: 7 })).rejects.toMatchObject({
      type: 'store_unavailable',
      nonRetryable: false,
    });
    expect(await house.slice(ref, {}, { attempt: 8 })).toEqual({ state: 'done' });
    expect(await house.counts(ref)).toMatchObject({ fetched: 2, created: 2 });
  });

  it('says so at once where there is no such run', async () => {
    const { provider } = scriptedProvider();
    const app = await house.install(provider);
    const ref = { workspaceId: app.workspaceId, appId: app.appId, runId: 'never' };
    await expect(house.slice(ref)).rejects.toMatchObject({ type: 'bug', nonRetryable: true });
  });
});
