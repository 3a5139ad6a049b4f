import { filesProvider } from '../../activities/providers/files/provider.js';
import { ProviderFailure } from '../../activities/providers/provider.js';
import type { SourceRecord } from '../../activities/records/types.js';
import type { SliceEnd } from '../../workflows/contract/activities.js';
import type { FailureCode } from '../../workflows/contract/failures.js';
import { must, openHouse, type House } from '../support/activity-house.js';
import { uploadFile } from '../support/house-files.js';
import { people, scriptedProvider, type Answer } from '../support/scripted-provider.js';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

function failing(code: FailureCode, retryAt?: Date): Answer {
  return () => {
    throw new ProviderFailure(code, 'The provider said no.', retryAt);
  };
}

describe('a provider that fails midway', () => {
  it('has applied what was staged, and is waited for longer and longer', async () => {
    const { provider, script } = scriptedProvider();
    script.answers = { contacts: [people(3), people(3, 4), failing('provider_unavailable')] };
    const ref = await house.begin(await house.install(provider));
    expect(await house.slice(ref, { pages: 9 })).toMatchObject({
      state: 'wait',
      code: 'provider_unavailable',
    });
    expect(await house.counts(ref)).toMatchObject({ fetched: 6, created: 6, staged: 2, applied: 2 });

    const { apply } = must(await house.store.transfers.get(ref, 'contacts'));
    const moved = Date.parse(must(apply.lastAt));
    const waits = [];
    for (const [slice, quietMs] of [0, 60_000, 3_600_000].entries()) {
      const now = new Date(moved + quietMs);
      const end = await house.slice(ref, { slice: slice + 1 }, { deps: { now: () => now } });
      waits.push(waitOf(end) - now.getTime());
    }
    expect(waits).toEqual([2_000, 30_000, 300_000]);
    expect(await house.counts(ref)).toMatchObject({ fetched: 6, created: 6 });

    script.answers.contacts?.splice(2, 1, people(1, 7));
    expect(await house.transfer(ref, 'contacts', { slice: 4 })).toEqual({ state: 'done' });
    expect(await house.counts(ref)).toMatchObject({ fetched: 7, created: 7 });
  });

  it('is asked again when it said, unless that is past', async () => {
    const { provider, script } = scriptedProvider();
    const ref = await house.begin(await house.install(provider));
    const at = new Date(Date.now() + 7_200_000);
    script.answers = { contacts: [failing('provider_rate_limited', at)] };
    expect(await house.slice(ref)).toEqual({
      ...{ state: 'wait', until: at.toISOString(), code: 'provider_rate_limited' },
    });
    script.answers = { contacts: [failing('provider_rate_limited', new Date(1))] };
    expect(waitOf(await house.slice(ref, { slice: 1 }))).toBeGreaterThan(Date.now());
  });

  it.each([
    ['credentials_rejected', 'reconnect'],
    ['permission_missing', 'permission'],
  ] as const)('parks on %s and says so on the app', async (code, reason) => {
    const { provider, script } = scriptedProvider();
    const ref = await house.begin(await house.install(provider));
    script.answers = { contacts: [people(2), failing(code)] };
    expect(await house.slice(ref, { pages: 3 })).toEqual({
      state: 'parked',
      parked: {
        ...{ reason, code, message: 'The provider said no.' },
        choices: ['resume', 'skip_object', 'stop'],
      },
    });
    expect((await house.theApp(ref)).connection).toMatchObject({
      status: 'needs_attention',
      problems: [{ code, message: 'The provider said no.' }],
    });
    expect(await house.counts(ref)).toMatchObject({ fetched: 2, created: 2 });
    script.answers = { contacts: [people(2), people(2, 3)] };
    expect(await house.transfer(ref, 'contacts', { slice: 1 })).toEqual({ state: 'done' });
  });

  it('that gives the same position twice is asked about, with what came before it applied', async () => {
    const { provider, script } = scriptedProvider();
    script.answers = {
      contacts: [
        { records: people(2), next: '1' },
        { records: people(2, 3), next: '1' },
      ],
    };
    const ref = await house.begin(await house.install(provider));
    expect(await house.slice(ref, { pages: 9 })).toMatchObject({
      state: 'parked',
      parked: { reason: 'question', code: 'provider_cursor_loop' },
    });
    expect(await house.counts(ref)).toMatchObject({ fetched: 2, created: 2 });
  });

  it('that knows our position no more reads everything again once a person says so', async () => {
    const { provider, script } = scriptedProvider();
    script.answers = { contacts: [people(2), failing('cursor_expired')] };
    const ref = await house.begin(await house.install(provider));
    expect(await house.slice(ref, { pages: 9 })).toMatchObject({
      state: 'parked',
      parked: { code: 'cursor_expired', choices: ['full_listing', 'skip_object', 'stop'] },
    });
    // Without a word from anybody it stays so.
    expect(await house.slice(ref, { slice: 1 })).toMatchObject({ state: 'parked' });

    let expired = true;
    script.answers.contacts?.splice(
      1,
      1,
      () => {
        if (!expired) return people(2, 3);
        expired = false;
        throw new ProviderFailure('cursor_expired', 'Too long ago.');
      },
      people(1, 5),
    );
    script.asked = [];
    const allowed: FailureCode[] = ['cursor_expired'];
    expect(await house.transfer(ref, 'contacts', { slice: 2, pages: 1, allowed })).toEqual({ state: 'done' });
    const asked = ['contacts from 1', 'contacts from 0', 'contacts from 1', 'contacts from 2'];
    expect(script.asked).toEqual(asked);
    const counts = await house.counts(ref);
    expect(counts).toMatchObject({ fetched: 7, created: 5, unchanged: 2 });
    expect(await house.records(ref.workspaceId)).toHaveLength(5);
  });

  it('whose code ends the run says so', async () => {
    const { provider, script } = scriptedProvider();
    const ref = await house.begin(await house.install(provider));
    script.answers = { contacts: [failing('provider_contract_broken')] };
    expect(await house.slice(ref)).toMatchObject({
      state: 'failed',
      failure: { code: 'provider_contract_broken' },
    });
    // Said at once: a review of what was written comes before the end.
    expect((await house.theRun(ref)).lastError).toMatchObject({
      ...{ code: 'provider_contract_broken', object: 'contacts', step: 'transfer' },
    });
  });
});

describe('a breaker', () => {
  /** Half of them have no name, which a contact must have. */
  function halfBroken(from: number): SourceRecord[] {
    return people(120, from).map((record, index) =>
      index % 2 === 0 ? record : { ...record, data: { email: `canary${index}@people.example` } },
    );
  }

  it('parks before the next page, leaves its evidence in the store, and lets go on when allowed', async () => {
    const { provider, script } = scriptedProvider();
    script.answers = { contacts: [halfBroken(1), halfBroken(121), people(5, 241)] };
    const ref = await house.begin(await house.install(provider));
    const end = await house.slice(ref, { pages: 9 });
    expect(end).toMatchObject({ state: 'parked', parked: { reason: 'breaker', code: 'breaker_failed' } });
    expect(await house.counts(ref)).toMatchObject({ created: 60, failed: 60, applied: 1 });
    const { apply } = must(await house.store.transfers.get(ref, 'contacts'));
    expect(apply.question).toMatchObject({
      code: 'breaker_failed',
      evidence: { count: 60, of: 120, share: 0.5, limit: 0.05 },
    });

    if (end.state !== 'parked') throw new Error('It must have parked.');
    const { reason, code, message, choices } = end.parked;
    const attention = { reason, object: 'contacts', questionId: 'q1', code, message, choices } as const;
    await house.run('recordProgress', { ref, progress: { kind: 'attention', attention } });
    expect(await house.theRun(ref)).toMatchObject({
      status: 'needs_attention',
      attention: { code: 'breaker_failed', evidence: { count: 60 } },
    });

    const allowed: FailureCode[] = ['breaker_failed'];
    expect(await house.transfer(ref, 'contacts', { slice: 1, allowed })).toEqual({ state: 'done' });
    expect(await house.counts(ref)).toMatchObject({ fetched: 245, created: 125, failed: 120 });
  });

  it('judges a first page that is small before the second is written, however much is staged', async () => {
    const { provider, script } = scriptedProvider();
    const small = (from: number): SourceRecord[] => halfBroken(from).slice(0, 50);
    script.answers = { contacts: [small(1), small(121), small(241), small(361)] };
    const ref = await house.begin(await house.install(provider));
    expect(await house.slice(ref, { pages: 9 })).toMatchObject({
      state: 'parked',
      parked: { code: 'breaker_failed' },
    });
    expect(await house.counts(ref)).toMatchObject({ created: 25, failed: 25, applied: 1 });
    // Asked again without an answer it says the same, and writes nothing more.
    expect(await house.slice(ref, { slice: 1, pages: 9 })).toMatchObject({ state: 'parked' });
    expect(await house.counts(ref)).toMatchObject({ created: 25, failed: 25, applied: 1, staged: 4 });
    expect(await house.records(ref.workspaceId)).toHaveLength(25);
  });

  it('judges the last page too', async () => {
    const { provider, script } = scriptedProvider();
    script.answers = { contacts: [halfBroken(1)] };
    const ref = await house.begin(await house.install(provider));
    expect(await house.slice(ref)).toMatchObject({ state: 'parked', parked: { code: 'breaker_failed' } });
    expect(await house.slice(ref, { slice: 1, allowed: ['breaker_failed'] })).toEqual({ state: 'done' });
  });

  it('asks before numbers of one file overwrite the people of another, and writes nothing of that page', async () => {
    const app = await house.install(filesProvider);
    const file = (names: string[]): string =>
      ['Id,Name,E-mail', ...names.map((name, n) => `${n + 1},${name},${name}@people.example`), ''].join('\n');
    await uploadFile(house, app, file(['Ann', 'Bob', 'Cid', 'Dan']));
    const first = await house.begin(app);
    expect(await house.transfer(first)).toEqual({ state: 'done' });
    await house.run('closeRun', { ref: first, status: 'completed', error: null });

    await uploadFile(house, app, file(['Eve', 'Fay', 'Gus', 'Hal']));
    const second = await house.begin(app);
    expect(await house.slice(second)).toMatchObject({
      state: 'parked',
      parked: { reason: 'breaker', code: 'key_reused' },
    });
    expect(await house.counts(second)).toMatchObject({ fetched: 4, updated: 0, applied: 0 });
    expect(await namesIn(app.workspaceId)).toEqual(['Ann', 'Bob', 'Cid', 'Dan']);
    const { apply } = must(await house.store.transfers.get(second, 'contacts'));
    expect(apply.question?.evidence).toMatchObject({ count: 4, of: 4 });

    expect(await house.transfer(second, 'contacts', { slice: 1, allowed: ['key_reused'] })).toEqual({
      state: 'done',
    });
    expect(await namesIn(app.workspaceId)).toEqual(['Eve', 'Fay', 'Gus', 'Hal']);
  });
});

async function namesIn(workspaceId: string): Promise<unknown[]> {
  return (await house.records(workspaceId)).map((record) => record.fields['name']).sort();
}

function waitOf(end: SliceEnd): number {
  if (end.state !== 'wait') throw new Error(`It must wait, but: ${JSON.stringify(end)}`);
  return Date.parse(end.until);
}
