import type { Mapped } from '../../activities/records/types.js';
import { codes, outcomes, record, run } from '../support/pages.js';
import { createPureStore } from '../support/pure-store.js';
import { failedSource, source } from '../support/record-makers.js';

const AT = { may: '2026-05-01T00:00:00Z', june: '2026-06-01T00:00:00Z' };
const second = { runId: 'run2' };

describe('repeats within one run', () => {
  const row = (city: string, more: object = {}): Mapped =>
    source('1', { fields: { name: 'Bo', address: { city } }, ...more });
  const file = { idsMayRepeat: true };

  it('the first occurrence wins, in a page', () => {
    const store = createPureStore();
    const page = run(store, [row('Oslo'), row('Oslo'), row('Rome'), row('Oslo', { hash: 'another order' })]);
    expect(outcomes(page)).toEqual([
      'created',
      'skipped: repeated',
      'skipped: repeated',
      'skipped: repeated',
    ]);
    expect(page.problems.filter(({ severity }) => severity === 'warning').map(({ code }) => code)).toEqual([
      'repeated_differs',
    ]);
    expect(page.counts).toMatchObject({ skipped: 3, warnings: 1, skippedBy: { repeated: 3 } });
    expect(record(store, '1').fields['address']).toEqual({ city: 'Oslo' });
  });

  it('and across pages; the same file again changes nothing, wherever its pages are cut', () => {
    const store = createPureStore();
    run(store, [row('Oslo')], file);
    const page = run(store, [row('Rome')], file);
    expect([outcomes(page), codes(page)]).toEqual([
      ['skipped: repeated'],
      ['warning repeated_differs', 'skipped repeated'],
    ]);
    const before = store.snapshot();
    const again = { ...file, ...second };
    expect(outcomes(run(store, [row('Oslo')], again))).toEqual(['unchanged']);
    const later = run(store, [row('Rome'), row('Oslo')], again);
    expect(outcomes(later)).toEqual(['skipped: repeated', 'skipped: repeated']);
    expect(later.records).toEqual([]);
    expect(store.snapshot()).toEqual(before);
  });

  it('unless a later one is newer', () => {
    const store = createPureStore();
    const rows = [
      row('Oslo', { modifiedAt: AT.may }),
      row('Rome', { modifiedAt: AT.june }),
      row('Bonn', { modifiedAt: AT.may }),
    ];
    expect(outcomes(run(store, rows))).toEqual(['created', 'updated', 'skipped: repeated']);
    expect(record(store, '1').fields['address']).toEqual({ city: 'Rome' });
    for (const cut of [rows.map((each) => [each]), [rows]]) {
      const how = { ...file, runId: `again${cut.length}` };
      const found = cut.flatMap((page) => outcomes(run(store, page, how)));
      expect(found).toEqual(['skipped: stale', 'unchanged', 'skipped: repeated']);
    }
  });

  it('one that failed is no occurrence', () => {
    expect(outcomes(run(createPureStore(), [failedSource('1'), row('Oslo')]))).toEqual([
      'failed: value_invalid',
      'created',
    ]);
  });

  it('a provider that promises unique ids has no marks written', () => {
    const store = createPureStore();
    run(store, [row('Oslo')]);
    expect(run(store, [row('Oslo')], second).links).toEqual([]);
  });
});
