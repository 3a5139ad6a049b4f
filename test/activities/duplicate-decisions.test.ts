import type { RunRef } from '../../workflows/contract/ids.js';
import type { DecisionDoc } from '../../activities/store/repairing.js';
import { must, openHouse, type House } from '../support/activity-house.js';
import { policies } from '../support/record-makers.js';
import { ANN, MAPPING, repairDesk } from '../support/repair-desk.js';
import { people, scriptedProvider } from '../support/scripted-provider.js';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

const { repair, undo, ended, booksOf, find } = repairDesk(() => house);

describe('a decision about a duplicate', () => {
  /** A person's record, and an import of one that looks like it, under a policy. */
  async function duplicate(existing: 'update' | 'skip' | 'create') {
    const { provider, script } = scriptedProvider();
    const app = await house.install(provider, {
      mapping: MAPPING,
      policies: policies({ existing: { contacts: existing } }),
    });
    const other = scriptedProvider({ id: `other-${existing}` });
    other.script.answers = {
      contacts: [people(1, 1, { title: 'First' }).map((each) => ({ ...each, externalId: 'X1' }))],
    };
    const { workspaceId } = app;
    const before = await house.install(other.provider, {
      workspaceId,
      appId: `other-${existing}`,
      mapping: MAPPING,
    });
    const earlier = await house.begin(before);
    await house.transfer(earlier);
    await ended(earlier);
    const [theirs] = await house.records(workspaceId);
    script.answers = { contacts: [people(2, 1, { status: 'active' })] };
    const ref = await house.begin(app);
    await house.transfer(ref);
    await ended(ref);
    return { app, ref, theirs: must(theirs) };
  }

  async function decideOn(ref: RunRef, decision: DecisionDoc['decision'], recordId: string | null = null) {
    const { workspaceId, runId } = ref;
    const at = new Date().toISOString();
    const about = { workspaceId, runId, object: 'contacts' as const, externalId: 'P1' };
    await house.store.decisions.put({ ...about, decision, recordId, by: ANN, at, appliedAt: null });
    await repair(ref, { code: 'duplicate' });
    expect(await house.store.decisions.open(ref, 'contacts')).toEqual([]);
  }

  const picture = async (ref: RunRef) =>
    (await house.records(ref.workspaceId)).map(({ recordId, fields, keys }) => ({ recordId, fields, keys }));

  it('ties one that was left out', async () => {
    const { ref, theirs } = await duplicate('skip');
    expect(await booksOf(ref)).toMatchObject({ created: 1, skipped: 1, duplicate: 1 });
    const before = theirs.fields;
    await decideOn(ref, 'update', theirs.recordId);
    expect(await booksOf(ref)).toMatchObject({ created: 1, updated: 1, skipped: 0, duplicate: 0 });
    expect((await find(ref, 'P1')).recordId).toBe(theirs.recordId);
    await undo(ref);
    expect(await picture(ref)).toMatchObject([{ recordId: theirs.recordId, fields: before }]);
  });

  it('makes a record of its own for one that was left out', async () => {
    const { ref, theirs } = await duplicate('skip');
    await decideOn(ref, 'create');
    expect(await booksOf(ref)).toMatchObject({ created: 2, skipped: 0, duplicate: 0 });
    expect((await find(ref, 'P1')).recordId).not.toBe(theirs.recordId);
    await undo(ref);
    expect(await picture(ref)).toHaveLength(1);
  });

  it('merges one that had become a record of its own, and the merge can be undone', async () => {
    const { ref, theirs } = await duplicate('create');
    expect(await booksOf(ref)).toMatchObject({ created: 2 });
    await decideOn(ref, 'update', theirs.recordId);
    expect(await booksOf(ref)).toMatchObject({ created: 1, updated: 1, skipped: 0 });
    expect(await picture(ref)).toHaveLength(2);
    expect((await find(ref, 'P1')).recordId).toBe(theirs.recordId);
    await undo(ref);
    expect(await picture(ref)).toMatchObject([
      { recordId: theirs.recordId, fields: theirs.fields, keys: theirs.keys },
    ]);
  });

  it('archives the record of its own where somebody has touched it, and says so', async () => {
    const { ref, theirs } = await duplicate('create');
    const own = await find(ref, 'P1');
    const edited = { ...own, fields: { ...own.fields, title: 'Chair' }, version: own.version + 1 };
    await house.store.records.replace(
      { ...edited, writers: { ...own.writers, title: 'a:ann:Ann' } },
      own.version,
      [],
    );
    await decideOn(ref, 'update', theirs.recordId);
    expect((await find(ref, 'P1')).recordId).toBe(theirs.recordId);
    const [kept] = await house.store.records.byIds(ref.workspaceId, [own.recordId]);
    expect(kept).toMatchObject({ keys: [], fields: { title: 'Chair' } });
    expect(kept?.archivedAt).not.toBeNull();
    const { items } = await house.store.problems.list(ref, { code: 'merge_kept' }, { limit: 5 });
    expect(items[0]?.message).toContain('Ann');
    await undo(ref);
    const [back] = await house.store.records.byIds(ref.workspaceId, [own.recordId]);
    expect(back).toMatchObject({ archivedAt: null, fields: { title: 'Chair' }, keys: own.keys });
    const [other] = await house.store.records.byIds(ref.workspaceId, [theirs.recordId]);
    expect(other?.fields).toEqual(theirs.fields);
  });

  it('parts one that was tied: the other record gets its values back', async () => {
    const { ref, theirs } = await duplicate('update');
    expect(await booksOf(ref)).toMatchObject({ created: 1, updated: 1 });
    await decideOn(ref, 'create');
    expect(await booksOf(ref)).toMatchObject({ created: 2, updated: 0, skipped: 0 });
    const [back] = await house.store.records.byIds(ref.workspaceId, [theirs.recordId]);
    expect(back?.fields).toEqual(theirs.fields);
    expect((await find(ref, 'P1')).recordId).not.toBe(theirs.recordId);
    await undo(ref);
    expect(await picture(ref)).toMatchObject([{ recordId: theirs.recordId, fields: theirs.fields }]);
  });

  it('leaves out one that had become a record of its own', async () => {
    const { ref } = await duplicate('create');
    await decideOn(ref, 'skip');
    expect(await booksOf(ref)).toMatchObject({ created: 1, skipped: 1, duplicate: 1 });
    expect(await picture(ref)).toHaveLength(2);
    await undo(ref);
    expect(await picture(ref)).toHaveLength(1);
  });
});
