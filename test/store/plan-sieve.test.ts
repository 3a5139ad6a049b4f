import fc from 'fast-check';
import { createSieve, MOST_STATES, printsOf } from '../../activities/store/mongo/plan-sieve.js';
import { packState, unpackState } from '../../activities/store/mongo/plan-states.js';
import type { PlannedState } from '../../activities/store/planning.js';
import type { FieldValue } from '../../activities/records/types.js';
import { link, record } from './makers.js';

/** Where a plan has what it did: what is said of a text must be exactly what was added, newest first. */

const word = fc.constantFrom('ia', 'ib', 'ic', 'kemail:a', 'kemail:b', 'wphone:1', 'r1', 'é', '');
const page = fc.array(fc.uniqueArray(word, { maxLength: 4 }), { maxLength: 12 });

describe('a sieve', () => {
  it('names every place of a text, the newest first, and none of another text', () => {
    fc.assert(
      fc.property(fc.array(page, { maxLength: 40 }), fc.integer({ min: 1, max: 30 }), (pages, most) => {
        const sieve = createSieve();
        const known = new Map<string, number[]>();
        pages.forEach((states, seq) => {
          sieve.add(printsOf(states));
          states.forEach((texts, index) => {
            for (const text of texts)
              known.set(text, [seq * MOST_STATES + index, ...(known.get(text) ?? [])]);
          });
        });
        expect(sieve.pages).toBe(pages.length);
        for (const text of ['ia', 'ib', 'ic', 'kemail:a', 'kemail:b', 'wphone:1', 'r1', 'é', '', 'never']) {
          expect(sieve.places(text, most)).toEqual((known.get(text) ?? []).slice(0, most));
        }
      }),
    );
  });

  it('tells a hundred thousand texts apart, in twelve bytes each', () => {
    const sieve = createSieve();
    const idOf = (seq: number, index: number): string => `iperson-${seq * 500 + index}`;
    for (let seq = 0; seq < 200; seq += 1) {
      sieve.add(printsOf(Array.from({ length: 500 }, (_none, index) => [idOf(seq, index)])));
    }
    for (let seq = 0; seq < 200; seq += 7) {
      for (let index = 0; index < 500; index += 3) {
        expect(sieve.places(idOf(seq, index), 20)).toEqual([seq * MOST_STATES + index]);
        expect(sieve.places(`iperson-${100_000 + seq * 500 + index}`, 20)).toEqual([]);
      }
    }
    expect(sieve.bytes).toBe(100_000 * 12);
  });
});

describe('a packed state', () => {
  const value: fc.Arbitrary<FieldValue> = fc.oneof(
    fc.string({ maxLength: 5 }),
    fc.boolean(),
    fc.constant({ amount: '1.50', currency: 'EUR' }),
    fc.constant<FieldValue>(['a', 'b']),
  );
  const names = fc.constantFrom('name', 'email', 'status', 'amount', '__proto', 'tags');
  const fields = fc.dictionary(names, value, { maxKeys: 5 });
  const state = fc
    .record({
      fields,
      applied: fc.dictionary(names, fc.option(value), { maxKeys: 5 }),
      /** As a page makes it: the link says what the record holds. */
      same: fc.boolean(),
      hasRecord: fc.boolean(),
      goneAt: fc.constantFrom(null, '2026-05-01T10:00:00.000Z'),
      owner: fc.constantFrom(undefined, 'boss', 'other'),
      version: fc.integer({ min: 1, max: 3 }),
      extra: fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom(1, 'x', null), { maxKeys: 2 }),
    })
    .map((told): PlannedState => {
      const { version, extra, goneAt } = told;
      const unmapped = told.owner === undefined ? {} : { owner: told.owner };
      const made = record('r', { fields: told.fields, version, extra, unmapped });
      const applied = told.same ? { ...told.fields, ...told.applied } : told.applied;
      const own = link('e', 'r', { applied, goneAt, seenRunId: `run-${version}` });
      return { link: own, record: told.hasRecord ? made : null, version: told.hasRecord ? version : 0 };
    });

  it('comes out as it went in, beside whichever state is the first of its block', () => {
    fc.assert(
      fc.property(state, state, (first, other) => {
        const base = unpackState(packState(first, null), null);
        expect(base).toEqual(first);
        expect(unpackState(packState(other, first), base)).toEqual(other);
      }),
    );
  });
});
