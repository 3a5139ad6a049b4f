import { filesProvider } from '../../activities/providers/files/provider.js';
import { ProviderFailure } from '../../activities/providers/provider.js';
import { StoreUnavailable } from '../../activities/store/store.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import { must, openHouse, type House } from '../support/activity-house.js';
import { uploadFile } from '../support/house-files.js';
import { policies } from '../support/record-makers.js';
import { people, scriptedProvider } from '../support/scripted-provider.js';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

async function codes(ref: RunRef): Promise<{ blockers: string[]; warnings: string[] }> {
  const { blockers, warnings } = await house.theRun(ref);
  return { blockers: blockers.map(({ code }) => code), warnings: warnings.map(({ code }) => code) };
}

describe('what stops a run before it begins', () => {
  it('is another account than the first one', async () => {
    const { provider } = scriptedProvider();
    const account = { id: 'other', name: 'Other Ltd' };
    const connection = { status: 'ready' as const, account, checkedAt: null, problems: [] };
    const ref = await house.start(await house.install(provider, { connection }));
    const { blocked } = await house.run('preflight', ref);
    expect(blocked?.code).toBe('account_changed');
    expect(blocked?.message).toContain('Other Ltd');
    expect(blocked?.message).toContain('Nothing was written');
    expect((await codes(ref)).blockers).toEqual(['account_changed']);
  });

  it('is an object that may not be read, but only one of this run', async () => {
    const { provider, script } = scriptedProvider();
    script.refused = { contacts: 'the role is too small', deals: 'no' };
    const app = await house.install(provider, { scope: ['accounts', 'contacts', 'deals'] });
    const ref = await house.start(app, ['accounts', 'contacts']);
    const { blocked } = await house.run('preflight', ref);
    expect(blocked?.code).toBe('permission_missing');
    expect(blocked?.message).toContain('the role is too small');
    expect((await house.theRun(ref)).blockers).toHaveLength(1);
    const other = await house.start(app, ['accounts']);
    expect((await house.run('preflight', other)).blocked).toBeNull();
  });

  it.each(['credentials_rejected', 'provider_contract_broken', 'certificate_invalid'] as const)(
    'is what the provider says: %s',
    async (code) => {
      const { provider, script } = scriptedProvider();
      script.account = () => {
        throw new ProviderFailure(code, 'It said no.');
      };
      const ref = await house.start(await house.install(provider));
      const { blocked } = await house.run('preflight', ref);
      expect(blocked).toEqual({ code, message: 'It said no. Nothing was written.' });
      expect(script.openSessions).toBe(0);
      expect(await house.store.transfers.all(ref)).toEqual([]);
    },
  );

  it('is no provider that is away or limits: it is asked again at its own time, or soon', async () => {
    const { provider, script } = scriptedProvider();
    const named = new Date(Date.now() + 3_600_000);
    const said = [
      new ProviderFailure('provider_rate_limited', 'Not so fast.', named),
      new ProviderFailure('provider_unavailable', 'Nobody is there.'),
    ];
    script.account = () => {
      const failure = said.shift();
      if (failure) throw failure;
      return { id: 'a1', name: 'Account' };
    };
    const ref = await house.start(await house.install(provider));
    const limited = await house.run('preflight', ref);
    expect(limited.blocked).toBeNull();
    expect(limited.wait).toEqual({ until: named.toISOString(), code: 'provider_rate_limited' });
    const away = await house.run('preflight', ref);
    expect(away.wait?.code).toBe('provider_unavailable');
    expect(Date.parse(away.wait?.until ?? '')).toBeLessThan(Date.now() + 10_000);
    expect((await house.theRun(ref)).blockers).toEqual([]);
    expect((await house.run('preflight', ref)).wait).toBeUndefined();
  });

  it('is a key column or a required one that the file does not have', async () => {
    const app = await house.install(filesProvider, {
      mapping: {
        objects: { contacts: { key: ['Number'], fields: { name: 'Who', title: 'Role' } } },
        ...{ owners: {}, statuses: {} },
      },
    });
    await uploadFile(house, app, 'Id,Name,E-mail\n1,Ann,ann@people.example\n');
    const ref = await house.start(app);
    const { blocked } = await house.run('preflight', ref);
    expect(blocked?.code).toBe('mapping_broken');
    const { blockers, warnings } = await house.theRun(ref);
    expect(blockers.map((blocker) => blocker['column'])).toEqual(['Number', 'Who']);
    expect(blockers[0]?.message).toContain('it has: Id, Name, E-mail');
    expect(warnings.map(({ code, column }) => [code, column])).toContainEqual(['column_gone', 'Role']);
  });

  it('is a file that is not there', async () => {
    const ref = await house.start(await house.install(filesProvider));
    expect((await house.run('preflight', ref)).blocked?.code).toBe('file_unreadable');
  });

  it('is no blocker but a retry where the store is away or the code is wrong', async () => {
    const { provider, script } = scriptedProvider();
    script.account = () => {
      throw new TypeError('canary');
    };
    const ref = await house.start(await house.install(provider));
    await expect(house.run('preflight', ref)).rejects.toMatchObject({ type: 'bug' });
    const { store } = house;
    const active = () => Promise.reject(new StoreUnavailable('away'));
    const deps = { store: { ...store, members: { ...store.members, active } } };
    await expect(house.run('preflight', ref, { deps })).rejects.toMatchObject({ type: 'store_unavailable' });
    expect((await house.theRun(ref)).pinned).toBeNull();
  });
});

describe('what a run is warned of', () => {
  it('likely duplicates, with an estimate, once another app has brought the same people', async () => {
    const one = scriptedProvider({ id: 'one' });
    const two = scriptedProvider({ id: 'two' });
    one.script.answers = { contacts: [people(3)] };
    two.script.answers = { contacts: [people(4), people(6, 5)] };
    two.script.totals = { contacts: 10 };
    const app = await house.install(one.provider);
    await house.transfer(await house.begin(app));
    const other = await house.install(two.provider, { workspaceId: app.workspaceId });
    const ref = await house.start(other);
    await house.run('preflight', ref);
    const found = (await house.theRun(ref)).warnings.find(({ code }) => code === 'likely_duplicates');
    expect(found).toMatchObject({ object: 'contacts', sampled: 4, likely: 3 });
    expect((await house.theRun(ref)).objects[0]?.providerTotal).toBe(10);

    const asked = { about: 'preflight', objects: null, ...other } as const;
    const { result } = (await house.ask({ ...asked })) as { result: Record<string, unknown> };
    expect(result).toMatchObject({
      blockers: [],
      totals: { contacts: 10 },
      duplicates: { contacts: { sampled: 4, likely: 3, estimate: 8 } },
    });
    expect(result['sentence']).toContain('10 contacts will be read');
    // Its own people are no duplicates of themselves.
    const again = await house.start(app);
    await house.run('preflight', again);
    expect((await codes(again)).warnings).not.toContain('likely_duplicates');
  });

  it('owners and statuses that nobody mapped, nothing at all, a first run, the last error', async () => {
    const { provider, script } = scriptedProvider();
    script.answers = {
      contacts: [people(2, 1, { owner: 'bob@corp.example', status: 'odd' }), people(1, 3)],
    };
    const lastError = {
      code: 'bug',
      message: 'Before.',
      object: null,
      step: null,
      at: '2026-01-01T00:00:00.000Z',
    } as const;
    const app = await house.install(provider, { lastError, scope: ['accounts', 'contacts'] });
    const ref = await house.start(app, ['accounts', 'contacts']);
    expect((await house.run('preflight', ref)).blocked).toBeNull();
    const { warnings } = await house.theRun(ref);
    expect(warnings.map(({ code }) => code)).toEqual([
      ...['zero_records', 'owner_unmapped', 'status_unmapped', 'first_run', 'last_error'],
    ]);
    expect(warnings[0]?.object).toBe('accounts');
    expect(warnings[1]).toMatchObject({ values: [{ value: 'bob@corp.example', count: 2 }] });
    expect(warnings[2]).toMatchObject({ values: [{ value: 'odd', count: 2 }] });
  });

  it('columns that are new in this file', async () => {
    const app = await house.install(filesProvider);
    await uploadFile(house, app, 'Id,Name,E-mail\n1,Ann,ann@people.example\n');
    const first = await house.begin(app);
    await house.transfer(first);
    await house.run('closeRun', { ref: first, status: 'completed', error: null });
    await uploadFile(house, app, 'Id,Name,Shoe size\n1,Ann,38\n');
    const ref = await house.start(await house.theApp(app));
    expect((await house.run('preflight', ref)).blocked).toBeNull();
    const { warnings } = await house.theRun(ref);
    expect(warnings.map(({ code, column }) => [code, column])).toEqual([
      ['column_gone', 'E-mail'],
      ['column_new', 'Shoe size'],
    ]);
  });
});

describe('what is pinned', () => {
  it('holds for the run whatever changes afterwards', async () => {
    const { provider, script } = scriptedProvider();
    script.answers = { contacts: [people(1), people(1, 2)] };
    const app = await house.install(provider, { settings: { locale: 'de' } });
    const ref = await house.begin(app);
    const pinned = must((await house.theRun(ref)).pinned);
    expect(pinned).toMatchObject({
      ...{ origin: 'scripted:scripted-account', firstRun: true, reviewMode: 'each_object' },
      ...{ account: { id: 'scripted-account' }, settings: { locale: 'de' }, mappingVersion: 1 },
    });
    await house.slice(ref);
    const dropped = { objects: { contacts: { fields: { email: null } } }, owners: {}, statuses: {} };
    await house.store.apps.patch(app.workspaceId, app.appId, { mapping: dropped, mappingVersion: 2 });
    await house.transfer(ref, 'contacts', { slice: 1 });
    const records = await house.records(app.workspaceId);
    expect(records.map(({ fields }) => typeof fields['email'])).toEqual(['string', 'string']);
  });

  it.each([
    [{ reviewAsked: 'none' }, {}, {}, 'none'],
    [{}, { policies: policies({ review: 'on_findings' }) }, {}, 'on_findings'],
    [{}, { lastImportedAt: '2026-01-01T00:00:00.000Z' }, {}, 'on_findings'],
    [{}, {}, {}, 'each_object'],
  ] as const)('the review: %j %j', async (run, app, _none, review) => {
    const { provider } = scriptedProvider();
    const ref = await house.start(await house.install(provider, { ...app }), ['contacts'], { ...run });
    expect(await house.run('preflight', ref)).toMatchObject({
      review,
      objects: ['contacts'],
      reminderHours: 24,
    });
  });

  it("takes a file's clear proposal for the app's mapping, once", async () => {
    const app = await house.install(filesProvider);
    await uploadFile(house, app, 'Id,Name,E-mail\n1,Ann,ann@people.example\n');
    // Asking only looks.
    await house.ask({
      about: 'preflight',
      workspaceId: app.workspaceId,
      appId: app.appId,
      objects: ['contacts'],
    });
    expect((await house.store.apps.get(app.workspaceId, app.appId))?.mapping.objects).toEqual({});

    const ref = await house.start(app);
    await house.run('preflight', ref);
    await house.run('preflight', ref, { attempt: 2 });
    const adopted = await house.theApp(ref);
    expect(adopted.mapping.objects.contacts?.fields).toMatchObject({
      ...{ name: 'Name', email: { path: 'E-mail' } },
    });
    expect(adopted.mappingVersion).toBe(2);
    expect((await house.theRun(ref)).pinned).toMatchObject({ mappingVersion: 2 });
  });
});

it('tells of columns that are new, gone, or of another type than in the file before', async () => {
  const app = await house.install(filesProvider);
  await uploadFile(
    house,
    app,
    'Id,Name,E-mail,Since\n1,Ann,ann@people.example,2026-01-05\n2,Bob,b@people.example,2026-02-05\n',
  );
  const first = await house.start(app);
  await house.run('preflight', first);
  await house.run('closeRun', { ref: first, status: 'completed', error: null });
  await uploadFile(house, app, 'Id,Name,Since,City\n1,Ann,May last year,Berlin\n2,Bob,long ago,Rome\n');
  const ref = await house.start(app);
  await house.run('preflight', ref);
  const { warnings } = await house.theRun(ref);
  const columns = warnings.filter(({ code }) => code.startsWith('column_'));
  expect(columns.map(({ code, column }) => [code, column])).toEqual([
    ['column_gone', 'E-mail'],
    ['column_new', 'City'],
    ['column_retyped', 'Since'],
  ]);
  expect(columns[2]).toMatchObject({ before: expect.any(String), after: 'text' });
});

describe('what a terminated run left', () => {
  it('is fenced and closed before anything is read', async () => {
    const { provider, script } = scriptedProvider();
    script.answers = { contacts: [people(3), people(3, 4)] };
    const app = await house.install(provider);
    const old = await house.begin(app);
    await house.run('openHold', old);
    await house.slice(old);
    await house.store.transfers.claim(old, 'contacts', { slice: 1, attempt: 1 });

    const ref = await house.start(app);
    await house.run('preflight', ref);
    const left = await house.theRun(old);
    expect(left).toMatchObject({ status: 'failed', lastError: { code: 'superseded' }, attention: null });
    expect(left.objects.map(({ state }) => state)).toEqual(['failed']);
    expect(left.keepUntil).not.toBeNull();
    expect(await house.store.holds.live(app.workspaceId, 10)).toEqual([]);
    // The activity that lives on until its next beat writes nothing more.
    expect(await house.slice(old, { slice: 2 })).toMatchObject({
      state: 'failed',
      failure: { code: 'superseded' },
    });
    expect(await house.records(app.workspaceId)).toHaveLength(3);
    expect((await house.theRun(ref)).status).toBe('running');
  });

  it('does not include a start that is on its way, nor other apps', async () => {
    const { provider } = scriptedProvider();
    const app = await house.install(provider);
    const other = await house.start(await house.install(provider, { workspaceId: app.workspaceId }));
    const fresh = await house.start(app, ['contacts'], { startedAt: null });
    const ref = await house.start(app);
    await house.run('preflight', ref);
    expect((await house.theRun(fresh)).status).toBe('running');
    expect((await house.theRun(other)).status).toBe('running');
  });
});
