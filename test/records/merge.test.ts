import { editPolicyOf, mergeField, mergeRelation } from '../../activities/records/merge.js';
import type { Merger, Sides, Verdict } from '../../activities/records/merge.js';
import type { EditPolicy, FieldValue, Relation } from '../../activities/records/types.js';
import { policies } from '../support/record-makers.js';

const ANN = 'a:ann:Ann';
const US = 'r:run0:app1:';
const OTHER = 'r:run0:app2:';
const OTHER_IN_JUNE = 'r:run0:app2:2026-06-01T00:00:00Z';

const STAYS: Verdict = { take: false, ours: false, editKept: false };
const STAYS_OURS: Verdict = { take: false, ours: true, editKept: false };
const TAKEN: Verdict = { take: true, ours: true, editKept: false };
const EDIT_KEPT: Verdict = { take: false, ours: false, editKept: true };

function merger(changes: Partial<Merger> = {}): Merger {
  return {
    appId: 'app1',
    ownApps: new Set(['app1']),
    modifiedAt: null,
    priority: 0,
    priorityOf: () => 0,
    ...changes,
  };
}

function sides(changes: Partial<Sides<FieldValue>>): Sides<FieldValue> {
  return {
    source: 'new',
    applied: 'old',
    ours: true,
    current: 'old',
    writer: US,
    firstTie: false,
    edits: 'keep',
    ...changes,
  };
}

describe('merging one field', () => {
  const overwrite: EditPolicy = 'overwrite';
  const tie = { applied: undefined, firstTie: true } as const;
  it.each<[string, Partial<Sides<FieldValue>>, Partial<Merger>, Verdict]>([
    ['source = applied: stays', { source: 'old' }, {}, STAYS_OURS],
    [
      'source = applied, edited meanwhile: the edit stays, without a word',
      { source: 'old', current: 'hers', writer: ANN },
      {},
      STAYS_OURS,
    ],
    [
      'source = applied, not ours: stays so',
      { source: 'old', ours: false, current: 'hers', writer: ANN },
      {},
      STAYS,
    ],
    ['current = applied, ours: takes the source', {}, {}, TAKEN],
    ['an empty source clears what is ours', { source: null }, {}, TAKEN],
    ['an empty source does not clear an edit', { source: null, current: 'hers', writer: ANN }, {}, EDIT_KEPT],
    ['what a person emptied stays empty', { current: null, writer: ANN }, {}, EDIT_KEPT],
    ['both moved, a person: keep', { current: 'hers', writer: ANN }, {}, EDIT_KEPT],
    ['both moved, a person: overwrite', { current: 'hers', writer: ANN, edits: overwrite }, {}, TAKEN],
    ['both moved to the same: nothing to do, and not ours', { current: 'new', writer: ANN }, {}, STAYS],
    ['current = applied, not ours, a person: keep', { ours: false, writer: ANN }, {}, EDIT_KEPT],
    [
      'current = applied, not ours, a person: overwrite',
      { ours: false, writer: ANN, edits: overwrite },
      {},
      TAKEN,
    ],
    [
      'current = applied, not ours, another app without times: the later run',
      { ours: false, writer: OTHER },
      {},
      TAKEN,
    ],
    [
      'both moved, another app, ours is newer',
      { current: 'theirs', writer: OTHER_IN_JUNE },
      { modifiedAt: '2026-06-01T00:00:00.5Z' },
      TAKEN,
    ],
    [
      'both moved, another app, ours is older',
      { current: 'theirs', writer: OTHER_IN_JUNE },
      { modifiedAt: '2026-05-31T23:59:59.9Z', priority: 9 },
      STAYS,
    ],
    [
      'both moved, another app, same time: higher priority wins',
      { current: 'theirs', writer: OTHER_IN_JUNE },
      { modifiedAt: '2026-06-01T00:00:00.000Z', priority: 1 },
      TAKEN,
    ],
    [
      'both moved, another app, a time is missing: lower priority loses',
      { current: 'theirs', writer: OTHER_IN_JUNE },
      { priorityOf: () => 1 },
      STAYS,
    ],
    [
      'both moved, another app, no times: higher priority wins',
      { current: 'theirs', writer: OTHER },
      { priority: 2, priorityOf: () => 1 },
      TAKEN,
    ],
    [
      'both moved, another app, no times, equal priority: the later run',
      { current: 'theirs', writer: OTHER },
      {},
      TAKEN,
    ],
    [
      'both moved, ourselves by another id: priority does not count against us',
      { current: 'theirs', writer: US },
      { priority: -5 },
      TAKEN,
    ],
    ['first tie fills what is empty', { ...tie, current: null }, {}, TAKEN],
    ['first tie leaves what is there', { ...tie, current: 'theirs', writer: OTHER }, {}, STAYS],
    ['first tie leaves an edit, without a warning', { ...tie, current: 'hers', writer: ANN }, {}, STAYS],
    [
      'first tie with overwrite takes the source',
      { ...tie, current: 'hers', writer: ANN, edits: overwrite },
      {},
      TAKEN,
    ],
    [
      'first tie that finds the same value does not own it',
      { ...tie, current: 'new', writer: OTHER },
      {},
      STAYS,
    ],
    [
      'first tie with nothing on both sides owns the emptiness',
      { ...tie, source: null, current: null },
      {},
      STAYS_OURS,
    ],
    [
      'first tie with an empty source leaves what is there',
      { ...tie, source: null, current: 'theirs', writer: OTHER },
      {},
      STAYS,
    ],
    ['a column mapped later fills what is empty', { applied: undefined, current: null }, {}, TAKEN],
    [
      'a column mapped later replaces what this app set by itself',
      { applied: undefined, current: 'active' },
      {},
      TAKEN,
    ],
    [
      'a column mapped later does not replace an edit',
      { applied: undefined, current: 'hers', writer: ANN },
      {},
      EDIT_KEPT,
    ],
    [
      "a column mapped later leaves another app's value",
      { applied: undefined, current: 'theirs', writer: OTHER },
      {},
      STAYS,
    ],
  ])('%s', (_, given, by, expected) => {
    expect(mergeField(sides(given), merger(by))).toEqual(expected);
  });

  it.each<[string, FieldValue, FieldValue, boolean]>([
    ['money by amount', { amount: '12.5', currency: 'EUR' }, { amount: '12.50', currency: 'EUR' }, true],
    ['money by currency', { amount: '12.5', currency: 'EUR' }, { amount: '12.5', currency: 'USD' }, false],
    ['addresses by part', { city: 'Oslo', street: 'A 1' }, { street: 'A 1', city: 'Oslo' }, true],
    ['addresses with a part more', { city: 'Oslo' }, { city: 'Oslo', country: 'NO' }, false],
    ['lists in order', ['a', 'b'], ['b', 'a'], false],
    ['lists alike', ['a', 'b'], ['a', 'b'], true],
    ['numbers and texts', 1, '1', false],
    [
      'lines whose product arrived',
      [{ quantity: '1.0', product: { externalId: 'p', recordId: null } }],
      [{ quantity: '1', product: { externalId: 'p', recordId: 'r' } }],
      true,
    ],
    [
      'lines of another product',
      [{ product: { externalId: 'p', recordId: null } }],
      [{ product: { externalId: 'q', recordId: null } }],
      false,
    ],
    [
      'lines with another price',
      [{ unitPrice: { amount: '1', currency: 'EUR' } }],
      [{ unitPrice: { amount: '2', currency: 'EUR' } }],
      false,
    ],
    ['lines and no lines', [{ description: 'a' }], [{ description: 'a' }, { description: 'b' }], false],
  ])('compares deeply: %s', (_, a, b, same) => {
    expect(mergeField(sides({ source: a, applied: b, current: b }), merger()).take).toBe(!same);
    expect(mergeField(sides({ source: b, applied: a, current: a }), merger()).take).toBe(!same);
  });
});

describe('merging one relation', () => {
  const at = (externalId: string | null, recordId: string | null): Relation => ({ externalId, recordId });
  const relation = (changes: object): Parameters<typeof mergeRelation>[0] => ({
    ...{ source: 'A2', applied: 'A1', ours: true, writer: US, firstTie: false, edits: 'keep' as const },
    ...{ current: at('A1', 'rec1'), target: 'rec2' },
    ...changes,
  });
  it.each<[string, object, Verdict]>([
    ['source = applied: stays', { source: 'A1' }, STAYS_OURS],
    ['current = applied, also while it waits for its target', { current: at('A1', null) }, TAKEN],
    ['cleared at the source', { source: null, target: null }, TAKEN],
    ['pointed elsewhere by a person', { current: at(null, 'rec9'), writer: ANN }, EDIT_KEPT],
    ['pointed by a person to where the source points now', { current: at(null, 'rec2'), writer: ANN }, STAYS],
    ['first tie fills an empty one', { applied: undefined, firstTie: true, current: null }, TAKEN],
    [
      "first tie leaves another app's",
      { applied: undefined, firstTie: true, current: at('X', 'rec9'), writer: OTHER },
      STAYS,
    ],
    [
      'the same id in another app is another thing',
      { current: at('A1', 'rec9'), writer: OTHER_IN_JUNE, applied: 'A1' },
      TAKEN,
    ],
  ])('%s', (_, given, expected) => {
    expect(mergeRelation(relation(given), merger())).toEqual(expected);
  });
});

describe('the policy of edits', () => {
  it('is keep unless the object or the field says otherwise', () => {
    const some = policies({ edits: { contacts: { title: 'overwrite' }, tasks: 'overwrite' } });
    expect(editPolicyOf(some, 'contacts', 'title')).toBe('overwrite');
    expect(editPolicyOf(some, 'contacts', 'name')).toBe('keep');
    expect(editPolicyOf(some, 'tasks', 'title')).toBe('overwrite');
    expect(editPolicyOf(some, 'deals', 'title')).toBe('keep');
    expect(editPolicyOf(policies({ edits: 'overwrite' }), 'deals', 'title')).toBe('overwrite');
  });
});
