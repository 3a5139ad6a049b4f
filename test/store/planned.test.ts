import type { RunRef } from '../../workflows/contract/ids.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { DecidedPage } from '../../activities/records/page.js';
import { noCounts, type SourceRecord } from '../../activities/records/types.js';
import { Fenced } from '../../activities/store/moving.js';
import type { PlanCommit, PlannedSoFar, PlannedState } from '../../activities/store/planning.js';
import type { Store } from '../../activities/store/store.js';
import { applying, creating, entry, link, NOW, nothing, record, REF, staging, WS } from './makers.js';
import { openStore, type OpenedStore } from './open.js';

/** What a run decided without writing a record: kept page by page, seen by later pages in whichever process, and gone in time. */

let opened: OpenedStore;
let store: Store;
beforeAll(async () => {
  opened = await openStore();
});
afterAll(() => opened.drop());
beforeEach(async () => {
  await opened.clear();
  // A process of its own for each test: nothing is remembered from the one before.
  store = opened.another();
});

async function claimed(object: ObjectName = 'contacts', slice = 0): Promise<number> {
  return (await store.transfers.claim(REF, object, { slice, attempt: 1 })).apply.epoch;
}

function planning(
  at: { epoch: number; seq: number; round?: number; object?: ObjectName; ref?: RunRef },
  decided: DecidedPage,
): PlanCommit {
  const { epoch, seq, round = 0, object = 'contacts', ref = REF } = at;
  const outcomes = decided.outcomes.map(({ externalId, outcome, recordId, reason = null }) => ({
    ...{ externalId, outcome, recordId, reason, before: null },
  }));
  const side = { position: seq + 1, counts: decided.counts, chain: `chain ${seq}`, round, updatedAt: NOW };
  return { ref, object, seq, epoch, decided, outcomes, duplicates: [], side };
}

const email = (name: string): string => `email:${name}@corp.example`;

/** People with an address each, as a page of new ones. */
function people(...names: string[]): DecidedPage {
  const page = creating(names.map((name) => [name, `r-${name}`] as const));
  for (const { record: made } of page.records) {
    Object.assign(made, { keys: [email(made.recordId.slice(2))], weakKeys: ['phone:+491'] });
  }
  return page;
}

function told(states: readonly PlannedState[]): string[] {
  return states.map((state) => `${state.link.externalId} v${state.version}`).sort();
}

const by = (externalIds: string[], keys: string[] = [], weakKeys: string[] = []) => ({
  ...{ externalIds, keys, weakKeys },
});
const after = (pages: number, round = 0): PlannedSoFar => ({ round, pages });

describe('a planned page', () => {
  it('is kept once, only as the next one, and only of whoever holds the transfer', async () => {
    const epoch = await claimed();
    expect(await store.plans.commit(planning({ epoch, seq: 0 }, people('ann')))).toBe('planned');
    expect(await store.plans.commit(planning({ epoch, seq: 0 }, people('bob')))).toBe('repeated');
    expect(told(await store.plans.states(REF, 'contacts', by(['ann', 'bob']), after(1)))).toEqual(['ann v1']);
    await expect(store.plans.commit(planning({ epoch, seq: 2 }, people('cid')))).rejects.toThrow(
      'is not the next one',
    );
    const later = await claimed('contacts', 1);
    await expect(store.plans.commit(planning({ epoch, seq: 1 }, people('cid')))).rejects.toThrow(Fenced);
    expect(await store.plans.commit(planning({ epoch: later, seq: 1 }, people('cid')))).toBe('planned');
    await store.transfers.close(REF, 'contacts', 'cancelled');
    await expect(store.plans.commit(planning({ epoch: later, seq: 2 }, people('dan')))).rejects.toThrow(
      Fenced,
    );
    expect((await store.plans.outcomes(REF, 'contacts', 0))?.map(({ externalId }) => externalId)).toEqual([
      'ann',
    ]);
    expect(await store.plans.outcomes(REF, 'contacts', 2)).toBeNull();
  });

  it('leaves nothing behind where one of its writes is refused', async () => {
    const epoch = await claimed();
    const broken = people('ann');
    // The problems are the last of its writes.
    const unwritable = {
      toBSON: () => {
        throw new Error('cannot be written');
      },
    };
    const failed = { severity: 'failed', code: 'value_invalid', externalId: 'ann', message: 'No.' } as const;
    broken.problems.push({ ...failed, ...{ note: unwritable } });
    await expect(store.plans.commit(planning({ epoch, seq: 0 }, broken))).rejects.toThrow(
      'cannot be written',
    );
    expect((await store.transfers.get(REF, 'contacts'))?.apply.plan).toBeUndefined();
    expect(await opened.client.db(opened.database).collection('planIndex').countDocuments()).toBe(0);
    expect(await store.plans.commit(planning({ epoch, seq: 0 }, people('ann')))).toBe('planned');
  });
});

describe('what earlier pages planned', () => {
  it('is found by id, by strong and weak keys and by the records it touches, in this process and in another', async () => {
    const epoch = await claimed();
    await store.plans.commit(planning({ epoch, seq: 0 }, people('ann', 'bob')));
    const lagging = opened.another();
    expect(told(await lagging.plans.states(REF, 'contacts', by(['ann']), after(1)))).toEqual(['ann v1']);
    const tying = nothing();
    tying.records.push({ record: record('old', { version: 4, keys: [email('old')] }), expectedVersion: 3 });
    tying.links.push(link('tied', 'old'));
    await store.plans.commit(planning({ epoch, seq: 1 }, tying));

    for (const each of [store, lagging, opened.another()]) {
      const states = async (lookups: ReturnType<typeof by>) =>
        told(await each.plans.states(REF, 'contacts', lookups, after(2)));
      expect(await states(by(['ann', 'tied', 'nobody']))).toEqual(['ann v1', 'tied v4']);
      expect(await states(by([], [email('bob'), email('old')]))).toEqual(['bob v1', 'tied v4']);
      expect(await states(by([], [], ['phone:+491']))).toEqual(['ann v1', 'bob v1']);
      expect(await states(by(['phone:+491'], ['ann'], [email('ann')]))).toEqual([]);
      const ofRecords = await each.plans.ofRecords(REF, 'contacts', ['old', 'r-ann'], after(2));
      expect(told(ofRecords)).toEqual(['tied v4']);
      expect(ofRecords[0]?.record).toEqual(tying.records[0]?.record);
      expect(ofRecords[0]?.link).toEqual(tying.links[0]);
    }
  });

  it('is as the last page left it, under its keys of now', async () => {
    const epoch = await claimed();
    await store.plans.commit(planning({ epoch, seq: 0 }, people('ann')));
    const again = nothing();
    const keys = [email('anna')];
    again.records.push({ record: record('r-ann', { version: 2, keys }), expectedVersion: 1 });
    again.links.push(link('ann', 'r-ann', { sourceHash: 'newer' }));
    await store.plans.commit(planning({ epoch, seq: 1 }, again));
    const states = (lookups: ReturnType<typeof by>) => store.plans.states(REF, 'contacts', lookups, after(2));
    expect((await states(by(['ann']))).map(({ link: { sourceHash } }) => sourceHash)).toEqual(['newer']);
    expect(told(await states(by([], [email('ann')])))).toEqual([]);
    expect(told(await states(by([], [email('anna')])))).toEqual(['ann v2']);
  });

  it('of a key that a crowd shares is some, however many pages it stands on', async () => {
    const epoch = await claimed();
    for (let seq = 0; seq < 3; seq += 1) {
      const names = Array.from({ length: 40 }, (_none, index) => `p${seq}-${index}`);
      await store.plans.commit(planning({ epoch, seq }, people(...names)));
    }
    const found = await store.plans.states(REF, 'contacts', by([], [], ['phone:+491']), after(3));
    expect(found.length).toBeGreaterThanOrEqual(20);
    expect(found.length).toBeLessThan(40);
  });

  it('are targets of relations, of whatever object was planned; those that are gone are said to be', async () => {
    const accounts = await claimed('accounts');
    const page = creating(
      [
        ['A1', 'ra1'],
        ['A2', 'ra2'],
      ],
      'accounts',
    );
    page.links[1] = link('A2', 'ra2', { object: 'accounts', goneAt: NOW });
    await store.plans.commit(planning({ epoch: accounts, seq: 0, object: 'accounts' }, page));
    const epoch = await claimed();
    await store.plans.commit(planning({ epoch, seq: 0 }, people('ann')));
    for (const each of [store, opened.another()]) {
      const targets = await each.plans.targets(REF, [
        { object: 'accounts', externalId: 'A1' },
        { object: 'accounts', externalId: 'A2' },
        { object: 'accounts', externalId: 'A3' },
        { object: 'contacts', externalId: 'ann' },
        { object: 'deals', externalId: 'A1' },
      ]);
      expect(targets).toEqual([
        { object: 'accounts', externalId: 'A1', recordId: 'ra1', gone: false },
        { object: 'accounts', externalId: 'A2', recordId: 'ra2', gone: true },
        { object: 'contacts', externalId: 'ann', recordId: 'r-ann', gone: false },
      ]);
    }
    expect(await store.plans.targets(REF, [])).toEqual([]);
  });

  it('lists changes of any length, and relations that wait', async () => {
    const claim = await store.transfers.claim(REF, 'contacts', { slice: 0, attempt: 1 });
    const { epoch } = claim.apply;
    const page = people('ann');
    // Nothing that compresses: more than one document holds.
    const long = Array.from({ length: 700_000 }, (_none, at) => (at * 2_654_435_761 * at).toString(36)).join(
      '',
    );
    page.journal.push(
      entry('r-long', {
        externalId: 'long',
        fields: [{ field: 'notes', before: null, after: long, writerBefore: null }],
      }),
    );
    page.counts = { ...noCounts(), fetched: 2, created: 2 };
    page.pending.push({
      recordId: 'r-ann',
      object: 'contacts',
      field: 'account',
      targetObject: 'accounts',
      targetExternalId: 'A9',
    });
    await store.plans.commit(planning({ epoch, seq: 0 }, page));
    // How many pages there are is told by what was staged.
    await store.pages.stage(staging(claim, 0, [[source('ann'), source('long')]]));
    const changes = await store.plans.changes(REF, { object: 'contacts' }, { limit: 10 });
    expect(changes.items.map(({ externalId, planned }) => [externalId, planned])).toEqual([
      ['ann', true],
      ['long', true],
    ]);
    expect(changes.items[1]?.fields[0]?.after).toBe(long);
    expect(await store.plans.changes(REF, { outcome: 'deleted' }, { limit: 10 })).toMatchObject({
      items: [],
    });
    expect(await store.plans.waiting(REF, 'contacts', 0, 5)).toEqual([
      { externalId: 'ann', relation: 'account', targetObject: 'accounts', targetExternalId: 'A9' },
    ]);
  });
});

describe('a plan that is given up', () => {
  it('begins again once for each round, fences who goes on with the old one, and sees nothing of it', async () => {
    const epoch = await claimed();
    await store.plans.commit(planning({ epoch, seq: 0 }, people('ann')));
    const lagging = opened.another();
    expect(told(await lagging.plans.states(REF, 'contacts', by(['ann']), after(1)))).toEqual(['ann v1']);
    expect(await store.plans.restart(REF, 'contacts', 1)).toBe(0);
    await store.plans.forget(REF, 'all');
    await expect(store.plans.commit(planning({ epoch, seq: 1 }, people('bob')))).rejects.toThrow(Fenced);
    expect(await store.plans.outcomes(REF, 'contacts', 0)).toBeNull();

    const next = await claimed('contacts', 1);
    expect(await lagging.plans.states(REF, 'contacts', by(['ann']), after(0, 1))).toEqual([]);
    await store.plans.commit(planning({ epoch: next, seq: 0, round: 1 }, people('eve', 'bob')));
    for (const each of [store, lagging]) {
      const found = await each.plans.states(REF, 'contacts', by(['ann', 'eve']), after(1, 1));
      expect(told(found)).toEqual(['eve v1']);
      expect(await each.plans.targets(REF, [{ object: 'contacts', externalId: 'ann' }])).toEqual([]);
    }
    expect(await store.plans.restart(REF, 'contacts', 1)).toBe(1);
  });

  it('takes its aids and its own problems along, and nothing of another run or of what was applied', async () => {
    const other = { ...REF, runId: 'run-10' };
    const { apply } = await store.transfers.claim(other, 'contacts', { slice: 0, attempt: 1 });
    await store.plans.commit(planning({ epoch: apply.epoch, seq: 0, ref: other }, people('ann')));
    const claim = await store.transfers.claim(REF, 'contacts', { slice: 0, attempt: 1 });
    const page = people('ann');
    const failed = { severity: 'failed', code: 'value_invalid', externalId: 'x', message: 'No.' } as const;
    page.problems.push(failed);
    await store.plans.commit(planning({ epoch: claim.apply.epoch, seq: 0 }, page));
    await store.pages.stage(staging(claim, 0, [[source('ann')]]));
    const turn = await store.turns.acquire(WS, 'contacts', 'holder', new AbortController().signal);
    await store.pages.apply(applying(claim, turn, 0, page));
    await store.turns.release(turn);
    const problems = async () =>
      (await store.problems.list(REF, {}, { limit: 10 })).items.map(({ planned }) => planned).sort();
    expect(await problems()).toEqual([true, undefined]);

    await store.plans.forget(REF, 'aids');
    await store.plans.forget(REF, 'aids');
    expect(await problems()).toEqual([undefined]);
    expect(await store.plans.outcomes(REF, 'contacts', 0)).toHaveLength(1);
    const keys = await opened.client
      .db(opened.database)
      .collection<{ _id: string }>('planIndex')
      .distinct('_id');
    expect(keys.every((key) => key.startsWith(`${WS}/run-10/`))).toBe(true);
    expect(told(await store.plans.states(other, 'contacts', by(['ann']), after(1)))).toEqual(['ann v1']);
    await store.plans.forget(REF, 'all');
    expect(await store.plans.outcomes(REF, 'contacts', 0)).toBeNull();
    expect(await store.plans.outcomes(other, 'contacts', 0)).toHaveLength(1);
  });
});

function source(externalId: string): SourceRecord {
  return { externalId, data: { id: externalId } };
}
