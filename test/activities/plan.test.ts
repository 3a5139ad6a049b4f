import type { RunRef } from '../../workflows/contract/ids.js';
import { OBJECTS, type ObjectName } from '../../workflows/contract/objects.js';
import type { OnDrift, SliceEnd } from '../../workflows/contract/activities.js';
import { policies } from '../support/record-makers.js';
import { openHouse, type House } from '../support/activity-house.js';
import { people, scriptedProvider } from '../support/scripted-provider.js';
import { trickySource } from '../support/tricky-source.js';
import type { AppDoc } from '../../activities/store/documents.js';
import type { StoredRecord } from '../../activities/records/types.js';
import type { PlanDoc } from '../../activities/store/run-documents.js';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

const ANN = { id: 'ann', name: 'Ann' };

async function planned(app: AppDoc, scope: ObjectName[] = ['contacts'], limit = 1): Promise<RunRef> {
  const ref = await house.start(app, scope, { mode: 'plan' });
  await house.run('preflight', ref);
  await planAll(ref, scope, 0, limit);
  return ref;
}

async function planAll(ref: RunRef, scope: ObjectName[], from: number, pages = 1): Promise<PlanDoc> {
  for (const object of OBJECTS.filter((each) => scope.includes(each))) {
    const end = await house.transfer(ref, object, { slice: from, pages, planning: true });
    expect(end).toEqual({ state: 'done' });
  }
  await house.run('sealPlan', { ref, objects: scope });
  return planOf(ref);
}

async function planOf(ref: RunRef): Promise<PlanDoc> {
  const { plan } = await house.theRun(ref);
  if (!plan) throw new Error('There is no plan.');
  return plan;
}

async function agree(ref: RunRef, scope: ObjectName[] = ['contacts'], onDrift: OnDrift = 'skip') {
  const { hash } = await planOf(ref);
  const decided = { decision: 'apply', onDrift, actor: ANN } as const;
  await house.run('recordPlanDecision', { ref, planHash: hash, decided });
  await house.run('clearPlan', { ref, objects: scope, round: 1, again: false });
}

async function applied(ref: RunRef, scope: ObjectName[] = ['contacts'], allowed: 'plan_drifted'[] = []) {
  let end: SliceEnd = { state: 'done' };
  for (const object of OBJECTS.filter((each) => scope.includes(each))) {
    end = await house.transfer(ref, object, { slice: 100, pages: 2, allowed });
    if (end.state !== 'done') return end;
  }
  return end;
}

/** Without what two stores can never share: ids and times. */
function told(records: readonly StoredRecord[]): object[] {
  return records
    .map(({ fields, relations, keys, weakKeys, version, unmapped, references, extra }) => ({
      ...{ fields, keys, weakKeys, version, unmapped, references, extra },
      relations: Object.entries(relations).map(([name, { externalId, recordId }]) => [
        name,
        externalId,
        recordId !== null,
      ]),
    }))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

describe('a plan', () => {
  it.each(['create', 'update', 'skip'] as const)(
    'says what an import then does, record by record (same app: %s)',
    async (sameApp) => {
      const scope: ObjectName[] = ['accounts', 'contacts'];
      const direct = scriptedProvider({ uniqueIds: false });
      const scripted = scriptedProvider({ uniqueIds: false, id: 'planned' });
      for (const each of [direct, scripted]) trickySource(each);
      const one = await house.begin(
        await house.install(direct.provider, { policies: policies({ sameApp }) }),
        scope,
      );
      for (const object of scope) await house.transfer(one, object);

      const app = await house.install(scripted.provider, { policies: policies({ sameApp }) });
      const two = await planned(app, scope);
      expect(await house.records(two.workspaceId)).toEqual([]);
      expect(await house.store.links.count(two.workspaceId, 'planned', 'contacts')).toBe(0);
      const plan = await planOf(two);
      expect(await house.counts(two)).toMatchObject({ fetched: 11, created: 0, applied: 0 });

      scripted.script.asked = [];
      await agree(two, scope);
      expect(await applied(two, scope)).toEqual({ state: 'done' });
      expect(scripted.script.asked).toEqual([]);
      for (const object of scope) {
        const { counts } = plan.objects.find((each) => each.object === object) ?? {};
        const { staged, applied: done, ...now } = await house.counts(two, object);
        const { staged: _s, applied: _a, ...directly } = await house.counts(one, object);
        expect(now).toEqual(directly);
        expect({ ...counts }).toEqual(now);
        expect(done).toBe(staged);
        expect(told(await house.records(two.workspaceId, object))).toEqual(
          told(await house.records(one.workspaceId, object)),
        );
      }
      const list = async (ref: RunRef): Promise<unknown[]> =>
        (await house.store.problems.list(ref, {}, { limit: 100 })).items
          .map(({ code, severity, count, value, externalId }) => [code, severity, count, value, externalId])
          .sort();
      expect(await list(two)).toEqual(await list(one));
    },
  );

  it('shows changes, duplicates and problems while nothing is written', async () => {
    const scripted = scriptedProvider({ uniqueIds: false });
    trickySource(scripted);
    const ref = await planned(await house.install(scripted.provider), ['accounts', 'contacts']);
    const plan = await planOf(ref);
    expect(plan).toMatchObject({
      unmapped: {
        owners: [{ value: 'nobody', count: 1 }],
        statuses: [{ object: 'contacts', value: 'odd', count: 1 }],
      },
      unresolved: 2,
      waiting: [
        { object: 'contacts', externalId: 'P5', target: { object: 'accounts', externalId: 'C9' } },
        { object: 'contacts', externalId: 'P6', target: { object: 'accounts', externalId: 'C9' } },
      ],
    });
    const changes = await house.store.plans.changes(ref, { object: 'contacts' }, { limit: 4 });
    expect(changes.items.map(({ planned: isPlanned, outcome }) => [isPlanned, outcome])).toEqual([
      [true, 'created'],
      [true, 'created'],
      [true, 'updated'],
      [true, 'created'],
    ]);
    expect(changes.items[2]?.fields).toMatchObject([{ field: 'title', before: null, after: 'Changed' }]);
    const more = await house.store.plans.changes(
      ref,
      { object: 'contacts' },
      { limit: 50, ...(changes.nextCursor !== null && { cursor: changes.nextCursor }) },
    );
    const { created, updated } = plan.objects[1]?.counts ?? { created: 0, updated: 0 };
    expect(more.items.length + 4).toBe(created + updated);
    const duplicates = plan.duplicates.items;
    expect(plan.duplicates.total).toBe(duplicates.length);
    expect(duplicates.find(({ externalId }) => externalId === 'Y')?.candidates).toMatchObject([
      { fields: { email: 'p5@people.example' } },
    ]);
    const { items } = await house.store.problems.list(ref, { severity: 'failed' }, { limit: 10 });
    expect(items.every(({ planned: isPlanned }) => isPlanned)).toBe(true);
  });

  it('is the same one again from the same store, and never another run’s', async () => {
    const scripted = scriptedProvider();
    scripted.script.answers = { contacts: [people(3), people(3, 4)] };
    const app = await house.install(scripted.provider);
    const ref = await planned(app);
    const before = await planOf(ref);
    await house.run('clearPlan', { ref, objects: ['contacts'], round: 1, again: true });
    expect((await planAll(ref, ['contacts'], 50)).hash).toBe(before.hash);
    const other = await planned(app);
    expect((await planOf(other)).hash).not.toBe(before.hash);
  });

  it('decides a page once, however often a slice is repeated', async () => {
    const scripted = scriptedProvider({ uniqueIds: false });
    scripted.script.answers = { contacts: [people(3), people(3, 4), people(2, 3)] };
    const app = await house.install(scripted.provider);
    const ref = await house.start(app, ['contacts'], { mode: 'plan' });
    await house.run('preflight', ref);
    const { plans } = house.store;
    let commits = 0;
    const commit: typeof plans.commit = async (args) => {
      await plans.commit(args);
      commits += 1;
      // Written, and the worker is gone before it heard so.
      if (commits % 2 === 1) throw new Error('killed');
      return 'planned';
    };
    const deps = { store: { ...house.store, plans: { ...plans, commit } } };
    for (let attempt = 1; ; attempt += 1) {
      const slice = { planning: true as const, pages: 1, slice: attempt };
      const end = await house.slice(ref, slice, { deps }).catch(() => null);
      if (end?.state === 'done') break;
    }
    await house.run('sealPlan', { ref, objects: ['contacts'] });
    expect((await planOf(ref)).counts).toMatchObject({ fetched: 8, created: 6, skipped: 2 });
    const { items } = await house.store.problems.list(ref, { code: 'repeated' }, { limit: 10 });
    expect(items).toMatchObject([{ count: 2, planned: true }]);
  });

  it('leaves out and lists what changed since, and only that', async () => {
    const { ref, app } = await twoKnown();
    await edited(ref, 'P1');
    await agree(ref);
    expect(await applied(ref)).toEqual({ state: 'done' });
    expect(await house.counts(ref)).toMatchObject({
      ...{ fetched: 4, updated: 1, created: 2, skipped: 1 },
      skippedBy: { drifted: 1 },
    });
    const { items } = await house.store.problems.list(ref, { code: 'plan_drifted' }, { limit: 10 });
    expect(items).toMatchObject([{ externalId: 'P1', severity: 'skipped' }]);
    expect(items).toHaveLength(1);
    const titles = (await house.records(app.workspaceId)).map(({ fields }) => fields['title']);
    expect(titles.filter((title) => title === 'New')).toHaveLength(3);
  });

  it('asks before the page where drift is refused, and goes on without it when told to', async () => {
    const { ref } = await twoKnown();
    await edited(ref, 'P1');
    await agree(ref, ['contacts'], 'refuse');
    const end = await applied(ref);
    expect(end).toMatchObject({ state: 'parked', parked: { reason: 'question', code: 'plan_drifted' } });
    expect(await house.counts(ref)).toMatchObject({ applied: 0 });
    const sides = await house.store.transfers.get(ref, 'contacts');
    expect(sides?.apply.question?.evidence).toMatchObject({ drifted: 1, records: [{ externalId: 'P1' }] });
    expect(await house.transfer(ref, 'contacts', { slice: 200, allowed: ['plan_drifted'] })).toEqual({
      state: 'done',
    });
    expect(await house.counts(ref)).toMatchObject({ skippedBy: { drifted: 1 }, updated: 1, created: 2 });
  });

  it('is made anew with the mapping of today', async () => {
    const scripted = scriptedProvider();
    scripted.script.answers = { contacts: [people(2, 1, { owner: 'boss@old.example' })] };
    const app = await house.install(scripted.provider);
    const ref = await planned(app);
    const before = await planOf(ref);
    expect(before.unmapped.owners).toEqual([{ value: 'boss@old.example', count: 2 }]);
    const member = {
      ...{ workspaceId: app.workspaceId, memberId: 'm1', name: 'Boss', email: 'boss@old.example' },
      ...{ createdAt: new Date().toISOString(), removedAt: null },
    };
    await house.store.members.insert(member);
    scripted.script.asked = [];
    const decided = { decision: 'replan', actor: ANN } as const;
    await house.run('recordPlanDecision', { ref, planHash: before.hash, decided });
    await house.run('clearPlan', { ref, objects: ['contacts'], round: 1, again: true });
    const after = await planAll(ref, ['contacts'], 50);
    expect(after.hash).not.toBe(before.hash);
    expect(after.unmapped.owners).toEqual([]);
    expect(scripted.script.asked).toEqual([]);
    await agree(ref);
    expect(await applied(ref)).toEqual({ state: 'done' });
    const [record] = await house.records(ref.workspaceId);
    expect(record?.fields['owner']).toBe('m1');
  });

  it('ends with nothing written where nobody applies it', async () => {
    const scripted = scriptedProvider();
    scripted.script.answers = { contacts: [people(3)] };
    const ref = await planned(await house.install(scripted.provider));
    await house.run('closeRun', { ref, status: 'cancelled', error: null });
    expect(await house.theRun(ref)).toMatchObject({
      status: 'cancelled',
      objects: [{ state: 'not_started' }],
    });
    expect(await house.counts(ref)).toMatchObject({ fetched: 0, created: 0 });
    expect(await house.records(ref.workspaceId)).toEqual([]);
    const some = { externalIds: ['P1', 'P2', 'P3'], keys: [], weakKeys: [] };
    expect(await house.store.plans.states(ref, 'contacts', some, { round: 0, pages: 0 })).toEqual([]);
  });
});

/** Two people that a first run brought, both with a new title at the source now, and two new ones. */
async function twoKnown(): Promise<{ ref: RunRef; app: AppDoc }> {
  const scripted = scriptedProvider();
  scripted.script.answers = { contacts: [people(2)] };
  const app = await house.install(scripted.provider);
  await house.transfer(await house.begin(app));
  scripted.script.answers = { contacts: [people(2, 1, { title: 'New' }), people(2, 3, { title: 'New' })] };
  return { ref: await planned(app), app };
}

async function edited(ref: RunRef, externalId: string): Promise<void> {
  const all = await house.records(ref.workspaceId);
  const links = await house.store.links.byRecords(
    ref.workspaceId,
    all.map(({ recordId }) => recordId),
  );
  const { recordId } = links.find((each) => each.externalId === externalId) ?? {};
  const record = all.find((each) => each.recordId === recordId);
  if (!record) throw new Error('There is no such record.');
  const writers = { ...record.writers, name: 'a:ann:Ann' };
  const changed = {
    ...record,
    fields: { ...record.fields, name: 'By hand' },
    writers,
    version: record.version + 1,
  };
  expect(await house.store.records.replace(changed, record.version, [])).toBe('written');
}
