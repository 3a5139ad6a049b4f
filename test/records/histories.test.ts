import fc from 'fast-check';
import { pages, play, person, previewPage, runOf, totals, undoAll, writing } from '../support/histories.js';
import { createPureStore } from '../support/pure-store.js';
import { sameValue } from '../../activities/records/same.js';
import type { StoredRecord } from '../../activities/records/types.js';
import { asField } from '../../activities/records/undo-values.js';

/** A few seconds; set PROPERTY_RUNS to some thousands after a change of the rules. */
const RUNS = { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 120) };

/** Play throws where a page's books are open, a guard fails, or a record's references are not the relations to it. */
describe('whatever is imported', () => {
  it('the same pages again write no record', () => {
    fc.assert(
      fc.property(runOf('run1'), runOf('run2', pages), (before, run) => {
        const store = createPureStore();
        play(store, before);
        // Where duplicates are skipped, a later record may take away the reason, and the next run rightly creates the first one.
        const { policies } = run.rules;
        const rules = {
          ...run.rules,
          policies: { ...policies, sameApp: 'create', existing: { contacts: 'create', accounts: 'create' } },
        } as const;
        play(store, { ...run, rules, idsMayRepeat: true });
        const records = structuredClone(store.records);
        play(store, { ...run, rules, idsMayRepeat: true, runId: 'run3' });
        expect(store.records).toEqual(records);
      }),
      RUNS,
    );
  });

  it('undo after apply is before', () => {
    fc.assert(
      fc.property(
        runOf('run1'),
        runOf('run2', fc.oneof({ weight: 3, arbitrary: writing }, { weight: 1, arbitrary: person })),
        runOf('run3'),
        (first, second, run) => {
          const store = createPureStore();
          play(store, first);
          play(store, second);
          const before = store.snapshot();
          const pages = play(store, run);
          const preview = totals(pages.map((page) => previewPage(store, page)));
          const taken = undoAll(store, pages);
          const undone = totals(taken);
          expect(store.snapshot()).toEqual(before);
          // Nothing stays but what goes with its record, and that is gone.
          for (const [at, { kept }] of taken.reverse().entries()) {
            for (const { index, unlessGone } of kept) {
              expect(unlessGone).toBe(true);
              expect(store.records.has(pages[at]?.journal[index]?.recordId ?? '')).toBe(false);
            }
          }
          expect(undone).toEqual({ ...preview, keep: 0, conflicts: 0 });
          expect(totals(undoAll(store, pages))).toEqual({ remove: 0, restore: 0, keep: 0, conflicts: 0 });
          expect(store.snapshot()).toEqual(before);
        },
      ),
      RUNS,
    );
  });

  it('two runs are undone one after the other, the last one first', () => {
    fc.assert(
      fc.property(runOf('run1'), runOf('run2'), runOf('run3'), (first, second, third) => {
        const store = createPureStore();
        play(store, first);
        const before = store.snapshot();
        const pages = play(store, second);
        const between = store.snapshot();
        undoAll(store, play(store, third));
        expect(store.snapshot()).toEqual(between);
        undoAll(store, pages);
        expect(store.snapshot()).toEqual(before);
      }),
      RUNS,
    );
  });

  it('a preview gives the numbers of the undo, also after edits and a later run', () => {
    fc.assert(
      fc.property(runOf('run1'), runOf('run2'), fc.array(person, { maxLength: 4 }), (first, run, edits) => {
        const store = createPureStore();
        play(store, first);
        const written = play(store, run);
        play(store, { ...run, steps: edits });
        const preview = totals(written.map((page) => previewPage(store, page)));
        expect(totals(undoAll(store, written))).toEqual(preview);
      }),
      RUNS,
    );
  });

  it('what the undo of a page kept is what is not as it was before that page, field by field', () => {
    const mixed = fc.oneof({ weight: 2, arbitrary: writing }, { weight: 1, arbitrary: person });
    fc.assert(
      fc.property(
        runOf('run1'),
        runOf('run2', mixed),
        fc.array(person, { maxLength: 4 }),
        runOf('run3'),
        (first, run, edits, later) => {
          const store = createPureStore();
          play(store, first);
          const pages = play(store, run);
          play(store, { ...run, steps: edits });
          play(store, later);
          for (const page of pages.toReversed()) {
            const [undone] = undoAll(store, [page]);
            const seen = new Set<string>();
            for (const [index, { recordId, outcome, fields }] of page.journal.entries()) {
              const record = store.records.get(recordId);
              const kept = undone?.kept.find((each) => each.index === index);
              if (outcome === 'created') expect(kept?.fields).toBe(record ? 'all' : undefined);
              // Of several changes of one record, the first one says what was before the page.
              if (seen.has(recordId) || outcome !== 'updated' || !record || kept?.unlessGone) continue;
              seen.add(recordId);
              for (const { field, before } of fields.filter((each) => /^[a-z]/.test(each.field))) {
                const stays = kept?.fields === 'all' || (kept?.fields.includes(field) ?? false);
                expect([field, stays]).toEqual([field, !sameValue(record.fields[field], asField(before))]);
              }
            }
          }
        },
      ),
      RUNS,
    );
  });

  it('what a person edits meanwhile survives the undo', () => {
    const mixed = fc.oneof({ weight: 2, arbitrary: writing }, { weight: 1, arbitrary: person });
    fc.assert(
      fc.property(
        runOf('run1'),
        runOf('run2', mixed),
        fc.array(person, { maxLength: 4 }),
        runOf('run3'),
        (first, run, edits, later) => {
          const store = createPureStore();
          play(store, first);
          const pages = play(store, run);
          play(store, { ...run, steps: edits });
          play(store, later);
          const hers = [...store.records.values()].map(
            (record) => [record.recordId, edited(record)] as const,
          );
          undoAll(store, pages);
          for (const [recordId, fields] of hers) {
            if (Object.keys(fields).length === 0) continue;
            expect(store.records.get(recordId)?.fields).toMatchObject(fields);
          }
          const left = store.snapshot();
          undoAll(store, pages);
          expect(store.snapshot()).toEqual(left);
        },
      ),
      RUNS,
    );
  });
});

function edited({ writers, fields }: StoredRecord): Record<string, unknown> {
  const hers = Object.keys(writers).filter((field) => writers[field]?.startsWith('a:'));
  return Object.fromEntries(hers.map((field) => [field, fields[field]]));
}
