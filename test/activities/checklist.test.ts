import { ProviderFailure } from '../../activities/providers/provider.js';
import type { ChecklistItem, SampledRecord } from '../../activities/records/checklist.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import { must, openHouse, type House } from '../support/activity-house.js';
import { people, scriptedProvider } from '../support/scripted-provider.js';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

const build = (ref: RunRef, enteringReview = true) =>
  house.run('buildChecklist', { ref, object: 'contacts', enteringReview });

async function itemsOf(ref: RunRef): Promise<Map<string, ChecklistItem>> {
  const { items } = must(await house.store.checklists.get(ref, 'contacts'));
  return new Map(items.map((item) => [item.itemId, item]));
}

async function moved(records = [people(7)], total?: number) {
  const scripted = scriptedProvider();
  scripted.script.answers = { contacts: records };
  if (total !== undefined) scripted.script.totals = { contacts: total };
  const app = await house.install(scripted.provider);
  const ref = await house.begin(app);
  await house.transfer(ref);
  return { ...scripted, app, ref };
}

describe('a checklist', () => {
  it('measures what was moved and asks for what only a person can say', async () => {
    const odd = people(1, 8, { status: 'odd', owner: 'bob@corp.example' });
    const broken = { externalId: 'X', data: { email: 'x@people.example' } };
    const { ref } = await moved([[...people(7), ...odd, broken]]);
    expect(await build(ref)).toEqual({
      openItems: ['sample_seen', 'account_seen'],
      findings: ['counts', 'owners', 'statuses', 'required'],
      nothingNew: false,
      written: 8,
    });
    const items = await itemsOf(ref);
    expect(items.get('counts')?.value).toMatchObject({ fetched: 9, created: 8, failed: 1 });
    expect(items.get('books')).toMatchObject({ status: 'ok', value: true });
    expect(items.get('statuses')).toMatchObject({ value: 1, detail: [{ value: 'odd', count: 1 }] });
    expect(items.get('owners')).toMatchObject({ detail: [{ value: 'bob@corp.example', count: 1 }] });
    expect(items.get('required')).toMatchObject({ value: 1 });
    expect(items.get('account_seen')).toMatchObject({ kind: 'confirmed', status: 'open' });
  });

  it("compares a sample with what the provider says now, and the total with the provider's own", async () => {
    const { ref, script } = await moved([people(7)], 9);
    script.get = (_object, ids) =>
      people(7)
        .filter(({ externalId }) => ids.includes(externalId) && externalId !== 'P7')
        .map((record) =>
          record.externalId === 'P1'
            ? { ...record, data: { name: 'Renamed', email: 'p1@people.example' } }
            : record,
        );
    // A value that this run says it wrote, and did not.
    const third = must(
      (await house.records(ref.workspaceId)).find(({ fields }) => fields['name'] === 'Person 4'),
    );
    const wrong = { ...third, fields: { ...third.fields, name: 'Nobody' }, version: third.version + 1 };
    expect(await house.store.records.replace(wrong, third.version, [])).toBe('written');

    expect((await build(ref)).findings).toEqual(['counts', 'sample']);
    const sample = must((await itemsOf(ref)).get('sample'));
    expect(sample.value).toMatchObject({ compared: 5, wrong: 2, failed: null });
    const byId = new Map((sample.detail as SampledRecord[]).map((record) => [record.externalId, record]));
    expect(byId.get('P7')).toMatchObject({ gone: true, fields: [] });
    expect(byId.get('P1')).toMatchObject({ gone: false, url: 'https://scripted.example/contacts/P1' });
    const different = ['P1', 'P4', 'P6'].map((externalId) =>
      byId.get(externalId)?.fields.flatMap(({ field, same, why }) => (same ? [] : [`${field}: ${why}`])),
    );
    // What the provider has changed since is no mistake of the run.
    expect(different).toEqual([['name: edited'], ['name: wrong'], []]);
    const { detail } = must((await itemsOf(ref)).get('counts'));
    expect(detail).toContain('The provider counts 9, 7 were fetched');
  });

  it('takes its sample of each outcome from the beginning, the middle and the end', async () => {
    const { ref, app, script } = await moved([people(100), people(100, 101), people(100, 201)]);
    const sampled = async (of: RunRef) => {
      await build(of);
      const { detail } = must((await itemsOf(of)).get('sample'));
      const records = detail as SampledRecord[];
      expect(records.flatMap(({ fields }) => fields.filter(({ why }) => why === 'wrong'))).toEqual([]);
      return records.map(({ externalId, outcome }) => `${outcome} ${externalId}`).sort();
    };
    expect(await sampled(ref)).toEqual(
      ['P1', 'P151', 'P225', 'P300', 'P76'].map((externalId) => `created ${externalId}`),
    );
    await house.run('closeRun', { ref, status: 'completed', error: null });

    // One page all as it was but one that fails, one half changed, one half new.
    const broken = { externalId: 'P9', data: { name: '', email: 'p9@people.example' } };
    const boss = { title: 'Boss' };
    script.answers = {
      contacts: [
        [...people(8), broken, ...people(91, 10)],
        [...people(50, 101, boss), ...people(50, 151)],
        [...people(50, 201, boss), ...people(50, 301)],
      ],
    };
    const again = await house.begin(await house.theApp({ ...ref, appId: app.appId }));
    await house.transfer(again);
    expect(await sampled(again)).toEqual(
      [
        ...['P301', 'P313', 'P326', 'P338', 'P350'].map((externalId) => `created ${externalId}`),
        ...['P1', 'P200', 'P75', 'P163', 'P38'].map((externalId) => `unchanged ${externalId}`),
        ...['P101', 'P126', 'P201', 'P225', 'P250'].map((externalId) => `updated ${externalId}`),
      ].sort(),
    );
  });

  it('finds an outcome that few records have, however many pages there are', async () => {
    const { ref, app, script } = await moved([people(1)]);
    await house.run('closeRun', { ref, status: 'completed', error: null });
    // Of 121 pages a hundred are looked at, and the fourth is not among them.
    const pages = Array.from({ length: 120 }, (_none, at) => people(1, at + 2));
    pages.splice(3, 0, people(1, 1, { title: 'Boss' }));
    script.answers = { contacts: pages };
    const again = await house.begin(await house.theApp({ ...ref, appId: app.appId }));
    await house.transfer(again, 'contacts', { pages: 500 });
    await build(again);
    const { detail } = must((await itemsOf(again)).get('sample'));
    const outcomes = (detail as SampledRecord[]).map(({ externalId, outcome }) => [outcome, externalId]);
    expect(outcomes.filter(([outcome]) => outcome === 'updated')).toEqual([['updated', 'P1']]);
    expect(outcomes).toHaveLength(6);
  });

  it('lists the relations that wait, with what they wait for', async () => {
    const { ref } = await moved([[...people(2, 1, { account: 'C7' }), ...people(1, 3)]]);
    const records = await house.records(ref.workspaceId);
    expect((await build(ref)).findings).toEqual(['relations']);
    const relations = must((await itemsOf(ref)).get('relations'));
    expect(relations).toMatchObject({ status: 'warning', value: 2 });
    const waiting = ['P1', 'P2'].map((externalId) => ({
      ...{ object: 'contacts', externalId, relation: 'account' },
      recordId: records.find(({ fields }) => fields['email'] === `${externalId.toLowerCase()}@people.example`)
        ?.recordId,
      target: { object: 'accounts', externalId: 'C7' },
    }));
    expect(relations.detail).toHaveLength(2);
    expect(relations.detail).toEqual(expect.arrayContaining(waiting));
  });

  it('lists no more than a hundred relations, and counts them all', async () => {
    const { ref } = await moved([people(130, 1, { account: 'C7' })]);
    await build(ref);
    const relations = must((await itemsOf(ref)).get('relations'));
    expect(relations.value).toBe(130);
    expect(relations.detail).toHaveLength(100);
  });

  it.each([
    ['says no', new ProviderFailure('provider_unavailable', 'It is down.'), 'It is down.'],
    ['breaks', new TypeError('canary'), 'The sample could not be fetched'],
  ])('is made all the same when the provider %s', async (_name, error, words) => {
    const { ref, script } = await moved();
    script.get = () => {
      throw error;
    };
    const summary = await build(ref);
    expect(summary.findings).toEqual(['sample']);
    expect(summary.openItems).toEqual(['account_seen']);
    const { value } = must((await itemsOf(ref)).get('sample'));
    expect(value).toMatchObject({ compared: 0, failed: expect.stringContaining(words) as string });
    expect(JSON.stringify(value)).not.toContain('canary');
    expect(script.openSessions).toBe(0);
  });

  it('has nothing to show where nothing is new', async () => {
    const { ref, app, script } = await moved();
    await house.run('closeRun', { ref, status: 'completed', error: null });
    const again = await house.begin(await house.theApp(ref));
    await house.transfer(again);
    script.asked = [];
    expect(await build(again)).toEqual({ openItems: [], findings: [], nothingNew: true, written: 0 });
    expect((await itemsOf(again)).has('sample')).toBe(false);
    expect(await house.records(app.workspaceId)).toHaveLength(7);
  });

  it('is measured anew until a review freezes it, and never after', async () => {
    const { ref } = await moved();
    await build(ref);
    const first = must(await house.store.checklists.get(ref, 'contacts'));
    await build(ref);
    const second = must(await house.store.checklists.get(ref, 'contacts'));
    expect(second.madeAt >= first.madeAt).toBe(true);

    const review = {
      ...{ object: 'contacts' as const, decision: 'accept' as const, actor: { id: 'ann', name: 'Ann' } },
      confirmed: ['sample_seen', 'account_seen'],
    };
    for (const attempt of [1, 2]) await house.run('recordReview', { ref, review }, { attempt });
    const frozen = must(await house.store.checklists.get(ref, 'contacts'));
    expect(frozen.frozenAt).not.toBeNull();
    expect(frozen.items.filter(({ status }) => status === 'open')).toEqual([]);
    // A retry of the activity is the same decision.
    expect(await house.store.reviews.list(ref)).toHaveLength(1);
    expect((await house.theRun(ref)).objects[0]?.state).toBe('accepted');

    await build(ref);
    expect(await house.store.checklists.get(ref, 'contacts')).toEqual(frozen);
  });
});
