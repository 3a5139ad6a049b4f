import { Fenced } from '../../activities/store/moving.js';
import { applying, begin, createPage, creating, REF, source, staging } from './makers.js';
import { openStore, type OpenedStore } from './open.js';

/** Who may move a transfer, and that its books agree whenever somebody stops. */

let opened: OpenedStore;
beforeAll(async () => {
  opened = await openStore();
});
afterEach(() => opened.clear());
afterAll(() => opened.drop());

const order = (slice: number, attempt: number) => ({ slice, attempt });

describe('claiming', () => {
  it('raises both epochs, and refuses to go backwards', async () => {
    const { transfers } = opened.store;
    const first = await transfers.claim(REF, 'contacts', order(0, 1));
    const second = await transfers.claim(REF, 'contacts', order(0, 2));
    expect(second.fetch.epoch).toBeGreaterThan(first.fetch.epoch);
    expect(second.apply.epoch).toBeGreaterThan(first.apply.epoch);
    await expect(transfers.claim(REF, 'contacts', order(0, 1))).rejects.toThrow(Fenced);
    await transfers.claim(REF, 'contacts', order(1, 1));
    await expect(transfers.claim(REF, 'contacts', order(0, 9))).rejects.toThrow(Fenced);
  });

  it('keeps what was reached', async () => {
    const { store } = opened;
    const begun = await begin(store);
    await createPage(store, begun, 0, [['1', 'r1']]);
    const next = await store.transfers.claim(REF, 'contacts', order(1, 1));
    expect(next.fetch).toMatchObject({ position: 1, fetched: 1, cursor: 'after 0' });
    expect(next.apply).toMatchObject({ position: 1, pages: 1, closedFor: null });
    expect(next.apply.counts.created).toBe(1);
    expect(next.apply.firstAt).not.toBeNull();
  });

  it('gives each of several that come at once an epoch of its own', async () => {
    const claims = await Promise.all(
      [1, 1, 1, 1].map((attempt) => opened.another().transfers.claim(REF, 'contacts', order(0, attempt))),
    );
    expect(new Set(claims.map((claim) => claim.apply.epoch)).size).toBe(4);
  });
});

describe('closing', () => {
  it('takes staged pages off the books and fences everybody, also what has not begun', async () => {
    const { store } = opened;
    const begun = await begin(store);
    begun.turn = await createPage(store, begun, 0, [['1', 'r1']]);
    await store.pages.stage(staging(begun.claim, 1, [[source('2'), source('3')], [source('4')]]));
    await store.transfers.close(REF, 'contacts', 'cancelled');
    await store.transfers.close(REF, 'contacts', 'cleaned_up');
    const sides = await store.transfers.get(REF, 'contacts');
    expect(sides?.fetch).toMatchObject({ fetched: 1, position: 1, closedFor: 'cancelled' });
    expect(sides?.apply).toMatchObject({ position: 1, closedFor: 'cancelled' });
    expect(await store.pages.source(REF, 'contacts', 1)).toBeNull();
    expect(await store.pages.source(REF, 'contacts', 0)).not.toBeNull();
    await expect(store.transfers.claim(REF, 'contacts', order(9, 9))).rejects.toThrow(Fenced);
    await store.transfers.close(REF, 'deals', 'skipped');
    await expect(store.transfers.claim(REF, 'deals', order(0, 1))).rejects.toThrow(Fenced);
  });

  it('takes off more pages than one transaction does', async () => {
    const { store } = opened;
    const begun = await begin(store);
    const pages = Array.from({ length: 450 }, (_none, index) => [source(`s${index}`)]);
    await store.pages.stage(staging(begun.claim, 0, pages));
    await store.pages.apply(applying(begun.claim, begun.turn, 0, creating([['s0', 'r0']])));
    await store.transfers.close(REF, 'contacts', 'failed');
    expect((await store.transfers.get(REF, 'contacts'))?.fetch).toMatchObject({ fetched: 1, position: 1 });
    expect(await store.pages.facts(REF, 'contacts', { limit: 10 })).toHaveLength(1);
  });
});

it('lists the objects that began, in run order, and keeps a question for the current attempt only', async () => {
  const { transfers } = opened.store;
  const deals = await transfers.claim(REF, 'deals', order(0, 1));
  await transfers.claim(REF, 'accounts', order(0, 1));
  expect((await transfers.all(REF)).map((claim) => claim.apply.object)).toEqual(['accounts', 'deals']);
  const question = { code: 'key_reused' as const, evidence: { 'a.b': { $gt: 1 } } };
  await transfers.setQuestion(REF, 'deals', deals.apply.epoch, question);
  expect((await transfers.get(REF, 'deals'))?.apply.question).toEqual(question);
  await transfers.claim(REF, 'deals', order(0, 2));
  await expect(transfers.setQuestion(REF, 'deals', deals.apply.epoch, null)).rejects.toThrow(Fenced);
});
