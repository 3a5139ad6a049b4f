import fc from 'fast-check';
import type { FieldValue, Policies } from '../../activities/records/types.js';
import { codes, outcomes, record, run } from '../support/pages.js';
import { createPureStore } from '../support/pure-store.js';
import { ANN, source } from '../support/record-makers.js';

/** Each promise about merging, over any course of imports and edits of one contact. */

const FIELDS = ['title', 'notes'] as const;
type Field = (typeof FIELDS)[number];
type Texts = Record<Field, string | null>;

const said = fc.record({
  title: fc.constantFrom<(string | null)[]>('A', 'B', 'C', null),
  notes: fc.constantFrom<(string | null)[]>('A', 'B', 'C', null),
});
/** What people write is told from what sources say by its case. */
const edited = fc.record({
  title: fc.constantFrom<(string | null)[]>('x', 'y'),
  notes: fc.constantFrom<(string | null)[]>('x', 'y'),
});
const step = fc.oneof(
  fc.record({ by: fc.constant('source' as const), values: said }),
  fc.record({ by: fc.constant('person' as const), field: fc.constantFrom(...FIELDS), values: edited }),
);

const contact = (values: Texts, modifiedAt?: string): ReturnType<typeof source> =>
  source('1', { fields: { name: 'Bo', ...values }, ...(modifiedAt && { modifiedAt }) });

/** Plays a course of imports and edits, and tells of each import what was there before and after it. */
function play(
  first: Texts,
  steps: readonly ({ by: 'source'; values: Texts } | { by: 'person'; field: Field; values: Texts })[],
  edits: Policies['edits'],
  look: (field: Field, at: Moment) => void,
): void {
  const store = createPureStore();
  run(store, [contact(first)]);
  let applied = first;
  const editedBy = new Map<Field, string | null>();
  for (const [n, each] of steps.entries()) {
    const { recordId } = record(store, '1');
    if (each.by === 'person') {
      store.edit(recordId, { [each.field]: each.values[each.field] }, ANN);
      editedBy.set(each.field, each.values[each.field]);
      continue;
    }
    const before = valuesOf(record(store, '1').fields);
    const page = run(store, [contact(each.values)], { runId: `run${n + 2}`, policies: { edits } });
    const after = valuesOf(record(store, '1').fields);
    for (const field of FIELDS) {
      const warned = page.problems.some((problem) => problem.code === 'edit_kept' && problem.field === field);
      const edit = editedBy.get(field);
      look(field, {
        ...{
          before: before[field],
          after: after[field],
          source: each.values[field],
          applied: applied[field],
        },
        ...{ warned, ...(edit !== undefined && { edit }) },
      });
      if (after[field] !== edit) editedBy.delete(field);
    }
    applied = each.values;
  }
}

interface Moment {
  before: string | null;
  after: string | null;
  source: string | null;
  /** What the source said the time before. */
  applied: string | null;
  /** What a person wrote there, if that still stands. */
  edit?: string | null;
  warned: boolean;
}

function valuesOf(fields: Record<string, FieldValue>): Texts {
  const text = (field: Field): string | null => (fields[field] as string | undefined) ?? null;
  return { title: text('title'), notes: text('notes') };
}

const course = fc.tuple(said, fc.array(step, { maxLength: 8 }));

describe('three-way merging', () => {
  it('follows the source in every field that nobody edited', () => {
    fc.assert(
      fc.property(course, ([first, steps]) => {
        play(first, steps, 'keep', (_field, at) => {
          if (at.edit === undefined) expect([at.after, at.warned]).toEqual([at.source, false]);
        });
      }),
    );
  });

  it('keep: what a person wrote stays, and a source that says something new is told of', () => {
    fc.assert(
      fc.property(course, ([first, steps]) => {
        play(first, steps, 'keep', (_field, at) => {
          if (at.edit === undefined) return;
          expect(at.after).toBe(at.edit);
          expect(at.warned).toBe(at.source !== at.applied);
        });
      }),
    );
  });

  it('overwrite: a source that says something new wins, one that says the same as before does not', () => {
    fc.assert(
      fc.property(course, ([first, steps]) => {
        play(first, steps, 'overwrite', (_field, at) => {
          expect(at.after).toBe(at.source === at.applied ? at.before : at.source);
          expect(at.warned).toBe(false);
        });
      }),
    );
  });

  it('is said field by field', () => {
    fc.assert(
      fc.property(course, ([first, steps]) => {
        play(first, steps, { contacts: { title: 'overwrite' } }, (field, at) => {
          const moved = at.source !== at.applied;
          if (field === 'title') expect(at.after).toBe(moved ? at.source : at.before);
          else if (at.edit !== undefined) expect([at.after, at.warned]).toEqual([at.edit, moved]);
        });
      }),
    );
  });
});

describe('the first tie to a record that is there', () => {
  const person = (id: string, values: Texts): ReturnType<typeof source> =>
    source(id, { fields: { name: 'Bo', email: 'bo@x.example', ...values } });
  const ofB = { appId: 'app2', runId: 'runB' };

  it('fills what is empty and changes nothing else; overwrite takes all it says', () => {
    fc.assert(
      fc.property(said, said, fc.constantFrom('keep', 'overwrite'), (there, comes, edits) => {
        const store = createPureStore();
        run(store, [person('1', there)]);
        const page = run(store, [person('77', comes)], { ...ofB, policies: { edits } });
        expect([outcomes(page), codes(page)]).toEqual([['updated'], []]);
        const found = valuesOf(record(store, '77', 'contacts', 'app2').fields);
        for (const field of FIELDS) {
          const filled = there[field] ?? comes[field];
          expect(found[field]).toBe(edits === 'keep' ? filled : found[field]);
          if (edits === 'overwrite' && comes[field] !== null) expect(found[field]).toBe(comes[field]);
        }
      }),
    );
  });
});

describe('stale sources', () => {
  it('never change anything, and equal times do', () => {
    const time = fc.integer({ min: 1, max: 9 }).map((second) => `2026-05-01T10:00:0${second}Z`);
    fc.assert(
      fc.property(fc.array(fc.tuple(said, time), { minLength: 1, maxLength: 8 }), (states) => {
        const store = createPureStore();
        let newest = '';
        for (const [n, [values, at]] of states.entries()) {
          const before = store.snapshot();
          const page = run(store, [contact(values, at)], { runId: `run${n}` });
          if (at < newest) {
            // What it said before all the same is no news, whenever it said so.
            expect(['skipped: stale', 'unchanged']).toContain(outcomes(page)[0]);
            expect(store.snapshot()).toEqual(before);
          } else {
            newest = at;
            expect(valuesOf(record(store, '1').fields)).toEqual(values);
          }
        }
      }),
    );
  });
});
