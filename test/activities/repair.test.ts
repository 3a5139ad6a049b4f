import type { RunRef } from '../../workflows/contract/ids.js';
import type { AppDoc } from '../../activities/store/documents.js';
import { must, openHouse, type House } from '../support/activity-house.js';
import { policies } from '../support/record-makers.js';
import { ANN, MAPPING, repairDesk } from '../support/repair-desk.js';
import { companies, people, scriptedProvider } from '../support/scripted-provider.js';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

const { repair, undo, ended, booksOf, find } = repairDesk(() => house);

async function remap(app: AppDoc, change: Partial<AppDoc>): Promise<void> {
  await house.store.apps.patch(app.workspaceId, app.appId, change);
}

/** Six people of an owner whom nobody knows, two of them without the name that the app requires. */
async function badImport(): Promise<{ app: AppDoc; ref: RunRef }> {
  const { provider, script } = scriptedProvider();
  const nameless = people(2, 5, { owner: 'bob@old.example' }).map((each) => ({
    ...each,
    data: { ...(each.data as Record<string, string>), name: '', title: `Title ${each.externalId}` },
  }));
  script.answers = { contacts: [people(4, 1, { owner: 'bob@old.example' }), nameless] };
  const app = await house.install(provider, { mapping: MAPPING });
  const ref = await house.begin(app);
  await house.transfer(ref);
  await ended(ref);
  return { app, ref };
}

describe('a repair', () => {
  it('applies what had failed under the same run, moves its counts, and is taken back with it', async () => {
    const { app, ref } = await badImport();
    expect(await booksOf(ref)).toMatchObject({ fetched: 6, created: 4, failed: 2 });
    const fields = { ...MAPPING.objects.contacts.fields, name: { path: 'name', default: 'Somebody' } };
    await remap(app, { mapping: { ...MAPPING, objects: { contacts: { fields } } } });
    await repair(ref);
    expect(await booksOf(ref)).toMatchObject({ fetched: 6, created: 6, failed: 0 });
    const run = await house.theRun(ref);
    expect(run.repair).toMatchObject({ state: 'done', repaired: 2, stillFailed: 0, next: null, by: ANN });
    const { items } = await house.store.problems.list(ref, { severity: 'failed' }, { limit: 10 });
    expect(items.map(({ state }) => state)).toEqual(items.map(() => 'repaired'));
    expect(items.length).toBeGreaterThan(0);
    await undo(ref);
    expect(await house.records(ref.workspaceId)).toEqual([]);
  });

  it('looks for known people as the app matches them', async () => {
    const { provider, script } = scriptedProvider();
    const [tagged] = people(1, 1, { email: 'p1+news@people.example', name: '' });
    script.answers = { contacts: [[must(tagged)]] };
    const app = await house.install(provider, {
      mapping: MAPPING,
      policies: policies({ existing: { contacts: 'update' }, matching: { plusTags: 'ignore' } }),
    });
    const other = scriptedProvider({ id: 'plain-addresses' });
    other.script.answers = { contacts: [people(1)] };
    const theirs = await house.begin(
      await house.install(other.provider, { workspaceId: app.workspaceId, mapping: MAPPING }),
    );
    await house.transfer(theirs);
    const ref = await house.begin(app);
    await house.transfer(ref);
    await ended(ref);
    expect(await booksOf(ref)).toMatchObject({ failed: 1 });
    const fields = { ...MAPPING.objects.contacts.fields, name: { path: 'name', default: 'Somebody' } };
    await remap(app, { mapping: { ...MAPPING, objects: { contacts: { fields } } } });
    await repair(ref);
    expect(await booksOf(ref)).toMatchObject({ created: 0, updated: 1, failed: 0 });
    expect(await house.records(ref.workspaceId)).toHaveLength(1);
  });

  it('fills owners once they are mapped, and leaves alone what a person edited since', async () => {
    const { app, ref } = await badImport();
    const member = { workspaceId: ref.workspaceId, memberId: 'm-bob', name: 'Bob', email: 'bob@new.example' };
    await house.store.members.insert({ ...member, createdAt: new Date().toISOString(), removedAt: null });
    const edited = await find(ref, 'P2');
    const own = { ...edited, fields: { ...edited.fields, owner: 'm-ann' }, version: edited.version + 1 };
    await house.store.records.replace(
      { ...own, writers: { ...own.writers, owner: 'a:ann:Ann' } },
      edited.version,
      [],
    );
    await remap(app, { mapping: { ...MAPPING, owners: { 'bob@old.example': 'm-bob' } } });
    await repair(ref, { code: 'owner_unmapped' });
    expect((await find(ref, 'P1')).fields['owner']).toBe('m-bob');
    expect((await find(ref, 'P2')).fields['owner']).toBe('m-ann');
    expect(await booksOf(ref)).toMatchObject({ fetched: 6, created: 4, failed: 2 });
    expect((await house.theRun(ref)).repair).toMatchObject({ changed: 3, repaired: 0, stillFailed: 0 });
    const open = await house.store.problems.summary(ref, 'contacts');
    expect(open.find(({ code }) => code === 'owner_unmapped')).toBeUndefined();
    await undo(ref);
    // The person's own value is a conflict: the record stays.
    expect((await house.records(ref.workspaceId)).map(({ recordId }) => recordId)).toEqual([edited.recordId]);
  });

  it('lets what fails again stay failed, with the reason of today, and one record be chosen by its id', async () => {
    const { app, ref } = await badImport();
    await remap(app, { policies: policies({ required: { contacts: ['title', 'phone'] } }) });
    await repair(ref, { externalIds: ['P5'] });
    expect(await booksOf(ref)).toMatchObject({ created: 4, failed: 2 });
    const { items } = await house.store.problems.list(
      ref,
      { severity: 'failed', state: 'open' },
      { limit: 10 },
    );
    const of = (id: string) => items.filter(({ externalId }) => externalId === id).map(({ field }) => field);
    expect(of('P5')).toContain('phone');
    expect(of('P6')).not.toContain('phone');
    // What is in the store stays, although it would fail today.
    await repair(ref);
    expect(await booksOf(ref)).toMatchObject({ created: 4, failed: 2 });
  });

  it('takes nothing back that a later run has written', async () => {
    const { provider, script } = scriptedProvider();
    const bad = people(1, 1).map((each) => ({ ...each, data: { name: '', email: 'p1@people.example' } }));
    script.answers = { contacts: [bad] };
    const app = await house.install(provider, { mapping: MAPPING });
    const first = await house.begin(app);
    await house.transfer(first);
    await ended(first);
    script.answers = { contacts: [people(1, 1)] };
    const second = await house.begin(app);
    await house.transfer(second);
    await ended(second);
    const fields = { ...MAPPING.objects.contacts.fields, name: { path: 'name', default: 'Somebody' } };
    await remap(app, { mapping: { ...MAPPING, objects: { contacts: { fields } } } });
    await repair(first);
    expect((await find(first, 'P1')).fields['name']).toBe('Person 1');
    expect((await house.counts(first)).skippedBy.stale).toBe(1);
    expect(await booksOf(first)).toMatchObject({ failed: 0, skipped: 1 });
  });

  it('asked for twice is one repair, and an attempt that was killed after a page goes on behind it', async () => {
    const { app, ref } = await badImport();
    await remap(app, {
      mapping: {
        ...MAPPING,
        objects: {
          contacts: { fields: { ...MAPPING.objects.contacts.fields, name: { path: 'name', default: 'X' } } },
        },
      },
    });
    const real = house.deps.store;
    let pages = 0;
    const dying = {
      ...house.deps.store,
      runs: {
        ...real.runs,
        patch: async (...args: Parameters<typeof real.runs.patch>) => {
          if (args[2].repair?.state === 'done') {
            pages += 1;
            throw new Error('killed');
          }
          return real.runs.patch(...args);
        },
      },
    };
    const args = { ref, repairId: 'one', object: null, code: null, externalIds: null, actor: ANN };
    await expect(house.run('repairSlice', args, { deps: { store: dying } })).rejects.toThrow();
    expect(pages).toBe(1);
    expect(await house.run('repairSlice', args)).toEqual({ state: 'done' });
    expect(await house.run('repairSlice', args)).toEqual({ state: 'done' });
    expect(await booksOf(ref)).toMatchObject({ fetched: 6, created: 6, failed: 0 });
    expect((await house.theRun(ref)).repair).toMatchObject({ repaired: 2 });
    expect(await house.records(ref.workspaceId)).toHaveLength(6);
  });

  it('links what waited for a record that it brought', async () => {
    const { provider, script } = scriptedProvider();
    const [good, bad] = companies(2);
    script.answers = {
      accounts: [[must(good), { ...must(bad), data: { name: '', domain: 'c2.example' } }]],
      contacts: [people(1, 1, { account: 'C2' })],
    };
    const accounts = (name: object | string) => ({ fields: { name, domain: 'domain' } }) as never;
    const mapping = { ...MAPPING, objects: { ...MAPPING.objects, accounts: accounts('name') } };
    const app = await house.install(provider, { mapping, scope: ['accounts', 'contacts'] });
    const ref = await house.begin(app, ['accounts', 'contacts']);
    for (const object of ['accounts', 'contacts'] as const) {
      await house.run('recordProgress', {
        ref,
        progress: { kind: 'step', step: 'transfer', object, state: 'transferring' },
      });
      await house.transfer(ref, object);
      await house.run('closeTransfer', { ref, object, why: 'in_review' });
    }
    await ended(ref);
    expect((await find(ref, 'P1')).relations['account']?.recordId).toBeNull();
    const fixed = accounts({ path: 'name', default: 'Nameless' });
    await remap(app, { mapping: { ...mapping, objects: { ...mapping.objects, accounts: fixed } } });
    await repair(ref, { object: 'accounts' });
    expect((await find(ref, 'P1')).relations['account']?.recordId).not.toBeNull();
    await undo(ref);
    expect(await house.records(ref.workspaceId)).toEqual([]);
    expect(await house.records(ref.workspaceId, 'accounts')).toEqual([]);
  });
});
