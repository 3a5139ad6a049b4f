import fc from 'fast-check';
import { createCrowds, MOST_PER_KEY } from '../../activities/store/mongo/crowds.js';
import { record, WS } from './makers.js';
import { openStore } from './open.js';
import { encodeRecord } from '../../activities/store/mongo/record-codec.js';

interface Doc {
  id: number;
  terms: string[];
}

/** A server that answers from an index: term by term, and no more than it is asked for. */
function server(shared: readonly number[]) {
  const docs = shared.flatMap((count, term) =>
    Array.from({ length: count }, (_none, at): Doc => ({ id: term * 100_000 + at, terms: [`t${term}`] })),
  );
  const traffic = { questions: 0, docs: 0 };
  const ask = async (terms: readonly string[], limit: number): Promise<Doc[]> => {
    const found = docs.filter((doc) => doc.terms.some((term) => terms.includes(term))).slice(0, limit);
    traffic.questions += 1;
    traffic.docs += found.length;
    return found;
  };
  return { ask, traffic, terms: shared.map((_count, term) => `t${term}`) };
}

it('brings 20 of each term, or all there are, whatever crowd stands among them', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ weight: 5, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.nat(900) }), {
        minLength: 1,
        maxLength: 25,
      }),
      async (shared) => {
        const { ask, terms } = server(shared);
        const crowds = createCrowds();
        for (let again = 0; again < 2; again += 1) {
          const found = await crowds.ofEachTerm<Doc>(terms, (doc) => doc.terms, ask);
          const ids = (term: string): number =>
            new Set(found.filter((doc) => doc.terms.includes(term)).map(({ id }) => id)).size;
          for (const [n, count] of shared.entries())
            expect(ids(`t${n}`)).toBeGreaterThanOrEqual(Math.min(count, MOST_PER_KEY));
        }
      },
    ),
    { numRuns: 60 },
  );
});

it('reads a page of few look-alikes in one question, and never a crowd', async () => {
  const few = server(Array.from({ length: 500 }, () => 3));
  await createCrowds().ofEachTerm<Doc>(few.terms, (doc) => doc.terms, few.ask);
  expect(few.traffic).toEqual({ questions: 1, docs: 1_500 });

  const crowds = createCrowds();
  const many = server([50_000, ...Array.from({ length: 499 }, () => 1)]);
  await crowds.ofEachTerm<Doc>(many.terms, (doc) => doc.terms, many.ask);
  expect(many.traffic.docs).toBeLessThan(3_000);
  // Once it is known, it costs its 20.
  const before = { ...many.traffic };
  await crowds.ofEachTerm<Doc>(many.terms, (doc) => doc.terms, many.ask);
  expect(many.traffic.docs - before.docs).toBe(499 + MOST_PER_KEY);
  expect(many.traffic.questions - before.questions).toBe(2);
});

it('lists what shares a weak key with as little as that takes, a crowd too', async () => {
  const opened = await openStore();
  try {
    const docs = Array.from({ length: 300 }, (_none, at) =>
      record(`h${at}`, {
        fields: { name: `N${at}` },
        keys: [`email:h${at}@x.example`],
        weakKeys: ['phone:+49301'],
      }),
    );
    docs.push(record('a', { weakKeys: ['phone:+49302'], archivedAt: '2026-01-01T00:00:00.000Z' }));
    const records = opened.client.db(opened.database).collection<{ _id: string }>('records');
    await records.insertMany(docs.map((each) => encodeRecord(each)));
    const found = await opened.store.records.byWeakKeys(WS, 'contacts', [
      'phone:+49301',
      'phone:+49302',
      'phone:+49303',
    ]);
    expect(found).toHaveLength(21);
    expect(found.find(({ recordId }) => recordId === 'a')).toEqual({
      recordId: 'a',
      weakKeys: ['phone:+49302'],
      archivedAt: '2026-01-01T00:00:00.000Z',
    });
  } finally {
    await opened.drop();
  }
});
