import { keptOf } from '../../activities/records/outcome-marks.js';
import type { DecidedPage } from '../../activities/records/page.js';
import { isMeant, movesOf, type Picked } from '../../activities/records/repair.js';
import { noCounts, type ProblemDraft } from '../../activities/records/types.js';

type Outcomes = DecidedPage['outcomes'];

function page(outcomes: Outcomes, problems: ProblemDraft[] = []): DecidedPage {
  return {
    ...{ outcomes, problems, records: [], links: [], bumps: [], pending: [], journal: [], duplicates: [] },
    counts: noCounts(),
    identity: { known: 0, changed: 0, samples: [] },
  };
}

const draft = (externalId: string, severity: ProblemDraft['severity'], code: string): ProblemDraft => ({
  ...{ severity, code, externalId, message: 'why' },
});
const ends = (outcome: Outcomes[number]['outcome'], reason?: string): Outcomes[number] => ({
  ...{ externalId: 'A', outcome, recordId: null },
  ...(reason === undefined ? {} : { reason }),
});
const was = (before: string, notes: Picked['notes'] = { failed: [], counted: [] }): Picked => ({
  ...{ seq: 0, index: 0, externalId: 'A', before, notes },
});

describe('the counts of a repaired record', () => {
  it.each([
    ['f', ends('created'), { failed: -1, created: 1 }],
    ['f', ends('updated'), { failed: -1, updated: 1 }],
    ['f', ends('failed', 'value_invalid'), {}],
    ['f', ends('skipped', 'stale'), { failed: -1, skipped: 1 }],
    ['c', ends('updated'), {}],
    ['c', ends('failed', 'value_invalid'), {}],
    ['c', ends('skipped', 'stale'), {}],
    ['u', ends('unchanged'), {}],
    ['n', ends('updated'), { unchanged: -1, updated: 1 }],
    ['n', ends('unchanged'), {}],
    ['p', ends('updated'), { skipped: -1, updated: 1 }],
    ['p', ends('created'), { skipped: -1, created: 1 }],
  ] satisfies [string, Outcomes[number], object][])('from %s to %j', (before, now, moved) => {
    const { moved: counts } = movesOf([was(before)], page([now]), 3, new Set());
    expect(counts).toEqual({ ...noCounts(), ...moved, skippedBy: counts.skippedBy });
    const { fetched, created, updated, unchanged, skipped, failed, deleted, skippedBy } = counts;
    expect(created + updated + unchanged + skipped + failed + deleted).toBe(fetched);
    expect(Object.values(skippedBy).reduce((sum, each) => sum + each, 0)).toBe(skipped);
  });

  it('settle the problems of what succeeds, and put others in the place of those of what fails again', () => {
    const notes: Picked['notes'] = { failed: [['value_invalid', 0, 4]], counted: [] };
    const good = movesOf([was('f', notes)], page([ends('created')]), 3, new Set());
    expect(good).toMatchObject({ settled: [{ seq: 0, n: 4 }], replaced: [], numbers: { repaired: 1 } });
    const problems = [draft('A', 'failed', 'required_missing')];
    const bad = movesOf([was('f', notes)], page([ends('failed')], problems), 3, new Set());
    expect(bad).toMatchObject({ settled: [], replaced: [{ seq: 0, n: 4 }], numbers: { stillFailed: 1 } });
    expect(bad.records[0]?.notes.failed).toEqual([['required_missing', 3, 0]]);
  });

  it('leave a word where a record that is in the store would fail today, once', () => {
    const problems = [draft('A', 'failed', 'required_missing')];
    const first = movesOf([was('c')], page([ends('failed')], problems), 3, new Set());
    expect(first.problems).toMatchObject([{ severity: 'warning', code: 'repair_failed' }]);
    const again = movesOf(
      [was('c', first.records[0]?.notes)],
      page([ends('failed')], problems),
      4,
      new Set(),
    );
    expect(again.problems).toEqual([]);
  });
});

describe('which records are meant', () => {
  const all = { code: null, externalIds: null };
  const record = (mark: string) => ({ externalId: 'A', mark, notes: undefined, decided: false });
  it.each([
    [all, record('f'), 'yes'],
    [all, record('c'), 'if_changed'],
    [all, record('r'), 'no'],
    [{ ...all, externalIds: new Set(['A']) }, record('c'), 'yes'],
    [{ ...all, externalIds: new Set(['B']) }, record('f'), 'no'],
    [{ ...all, code: 'duplicate' }, record('p'), 'yes'],
    [{ ...all, code: 'owner_unmapped' }, record('c'), 'no'],
    [{ ...all, code: 'duplicate' }, { ...record('c'), decided: true }, 'yes'],
  ] as const)('%j of %j: %s', (chosen, one, meant) => {
    expect(isMeant(chosen, one)).toBe(meant);
  });
});

it('what a page keeps of its records tells which of two with one id a problem is about', () => {
  const outcomes = [ends('created'), { ...ends('failed'), externalId: 'B' }, ends('skipped', 'repeated')];
  const problems = [
    draft('A', 'warning', 'owner_unmapped'),
    draft('B', 'failed', 'value_invalid'),
    draft('A', 'warning', 'repeated_differs'),
  ];
  expect(keptOf(page(outcomes, problems), 7)).toEqual({
    marks: 'cfr',
    notes: [
      [0, [], [['warning', 'owner_unmapped', null, null]]],
      [1, [['value_invalid', 7, 0]], []],
      [2, [], [['warning', 'repeated_differs', null, null]]],
    ],
  });
});
