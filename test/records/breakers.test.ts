import { addCounts, booksClosed, decidedOf, sumCounts } from '../../activities/records/books.js';
import { judge } from '../../activities/records/breakers.js';
import type { DecidedPage } from '../../activities/records/page.js';
import type { Counts } from '../../activities/records/types.js';
import { noCounts } from '../../activities/records/types.js';
import { policies } from '../support/record-makers.js';

const counts = (changes: Partial<Counts>): Counts => ({ ...noCounts(), ...changes });
const identity = (known: number, changed: number): DecidedPage['identity'] => ({
  known,
  changed,
  samples: [{ externalId: '1', before: 'Ann', after: 'Zoe' }],
});
const limits = policies({ breakers: { failed: 0.05, updated: 0.5, deleted: null, duplicates: 0.2 } });

describe('breakers of shares', () => {
  it.each<[string, Partial<Counts>, string | null]>([
    ['too few to say', { created: 50, failed: 49 }, null],
    ['at the limit', { created: 95, failed: 5 }, null],
    ['over the limit of failures', { created: 94, failed: 6 }, 'breaker_failed'],
    ['over the limit of updates', { unchanged: 49, updated: 51 }, 'breaker_updated'],
    ['over the limit of duplicates', { created: 100, duplicates: 21 }, 'breaker_duplicates'],
    ['nothing at all', {}, null],
  ])('%s', (_, totals, code) => {
    expect(judge(limits, counts(totals), { allowed: [] })?.code ?? null).toBe(code);
  });

  it('a limit of null is off, and what a person allowed does not ask again', () => {
    const totals = counts({ failed: 60, updated: 60 });
    expect(
      judge(
        policies({ breakers: { failed: null, updated: null, deleted: null, duplicates: null } }),
        totals,
        { allowed: [] },
      ),
    ).toBeNull();
    expect(judge(limits, totals, { allowed: ['breaker_failed'] })).toBeNull();
    expect(judge(limits, counts({ failed: 60, updated: 70 }), { allowed: ['breaker_failed'] })?.code).toBe(
      'breaker_updated',
    );
  });

  it('judges a first page however small it is, once enough of it says the same', () => {
    const small = counts({ created: 20, failed: 20 });
    expect(judge(limits, small, { allowed: [] })).toBeNull();
    expect(judge(limits, small, { allowed: [], canary: true })?.code).toBe('breaker_failed');
    expect(judge(limits, counts({ created: 1, failed: 4 }), { allowed: [], canary: true })).toBeNull();
  });

  it('judges the whole of an object however little it is: by its own limit from twenty on, by a chosen one always', () => {
    const own = policies();
    const chosen = policies({ breakers: { ...own.breakers, failed: 0.2 } });
    const few = counts({ created: 3, failed: 1 });
    const whole = { allowed: [], whole: true };
    expect(judge(own, few, whole)).toBeNull();
    expect(judge(own, counts({ created: 30, failed: 20 }), whole)?.code).toBe('breaker_failed');
    expect(judge(chosen, few, { allowed: [] })).toBeNull();
    expect(judge(chosen, few, { allowed: [], canary: true })?.code).toBe('breaker_failed');
    expect(judge(chosen, few, whole)?.message).toContain('All pages of this object are written.');
    expect(judge(chosen, counts({ created: 4, failed: 1 }), whole)).toBeNull();
  });

  it('counts deletions as a share of what the app has brought, not of what changed', () => {
    const gone = policies({ breakers: { failed: null, updated: null, deleted: 0.1, duplicates: null } });
    const totals = counts({ deleted: 101, updated: 20 });
    expect(judge(gone, totals, { allowed: [], known: 2_000 })).toBeNull();
    expect(judge(gone, totals, { allowed: [], known: 1_000 })?.code).toBe('breaker_deleted');
    expect(judge(gone, totals, { allowed: ['breaker_deleted'], known: 1_000 })).toBeNull();
  });

  it('says how many, of how many, and against which limit', () => {
    expect(judge(limits, counts({ created: 88, failed: 12 }), { allowed: [] })).toMatchObject({
      message: expect.stringContaining('12 of 100 records (12 %) failed'),
      evidence: { count: 12, of: 100, share: 0.12, limit: 0.05 },
    });
  });
});

describe('key_reused', () => {
  it.each<[string, number, number, boolean]>([
    ['three rows whose ids are other people now', 3, 3, true],
    ['two of them', 3, 2, true],
    ['one person who married and moved, alone', 1, 1, false],
    ['and in a file of 500', 500, 1, false],
    ['a third of a page', 300, 100, true],
    ['a few of many', 500, 20, false],
    ['nobody known', 0, 0, false],
  ])('%s', (_, known, changed, asks) => {
    const found = judge(limits, null, { allowed: [], pageIdentity: identity(known, changed) });
    expect(found?.code ?? null).toBe(asks ? 'key_reused' : null);
  });

  it('shows an example, and does not ask again once it is allowed', () => {
    const pageIdentity = identity(3, 3);
    expect(judge(limits, null, { allowed: [], pageIdentity })?.message).toContain(
      '1 was "Ann" and is now "Zoe"',
    );
    expect(judge(limits, null, { allowed: ['key_reused'], pageIdentity })).toBeNull();
  });
});

describe('books', () => {
  it('are closed when every fetched record has one outcome', () => {
    expect(
      booksClosed(
        counts({ fetched: 6, created: 1, updated: 1, unchanged: 1, skipped: 1, failed: 1, deleted: 1 }),
      ),
    ).toBe(true);
    expect(booksClosed(counts({ fetched: 2, created: 1 }))).toBe(false);
    expect(booksClosed(noCounts())).toBe(true);
  });

  it('add up in every part, and leave the parts alone', () => {
    const skippedBy = { repeated: 1, duplicate: 2, linked: 3, stale: 4, out_of_scope: 5, drifted: 6 };
    const part = counts({
      fetched: 20,
      created: 5,
      skipped: 15,
      skippedBy,
      duplicates: 2,
      warnings: 3,
      rows: 40,
    });
    const sum = sumCounts([part, part, noCounts()]);
    expect(sum).toEqual(addCounts(part, part));
    expect(sum).toMatchObject({
      fetched: 40,
      skipped: 30,
      skippedBy: { repeated: 2, out_of_scope: 10 },
      duplicates: 4,
      warnings: 6,
      rows: 80,
    });
    expect([decidedOf(sum), part.fetched]).toEqual([40, 20]);
  });
});
