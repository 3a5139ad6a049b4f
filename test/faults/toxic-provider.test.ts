import { rests, type RunBody } from '../../local/api-client.js';
import { IN_TIME } from '../e2e/support/desk.js';
import {
  allOf,
  basic,
  CARDS,
  enterBooks,
  FIRST_PAGE,
  secondPage,
  uidOf,
  type ToxicBook,
  type ToxicHouse,
} from './support/toxic-books.js';
import type { Harm, Toxin } from './support/toxic-proxy.js';

const instead = (status: number, headers: Record<string, string> = {}, body = ''): Harm => ({
  kind: 'instead',
  ...{ status, headers, body },
});
const html: Harm = instead(
  200,
  { 'content-type': 'text/html' },
  '<!doctype html><html><body>Log in to go on. canary-page</body></html>',
);
/** One card's part of a multistatus. */
const partOf = (card: string): RegExp =>
  new RegExp(`<response>(?:(?!</response>)[^])*${card}(?:(?!</response>)[^])*</response>`);

/**
 * Promise: whatever a provider's server does in the middle of an import, the books close and nothing is missing or
 * twice; or the run stops with what happened and what to do, and goes on once that was done.
 */
describe('an import from a server that misbehaves', () => {
  let house: ToxicHouse;
  beforeAll(async () => {
    house = await enterBooks();
  }, IN_TIME);
  afterAll(() => house.leave(), IN_TIME);

  /** What a run came to, on one line of a difference. */
  async function outcome(name: string, book: ToxicBook, run: RunBody) {
    const { status, booksClosed, attention, lastError } = run;
    const { fetched, created } = run.objects[0]?.counts ?? {};
    const said = attention?.message ?? lastError?.message ?? null;
    const ids = await book.stored();
    const missing = allOf(name).filter((id) => !ids.includes(id));
    return { name, status, booksClosed, said, fetched, created, stored: ids.length, missing };
  }
  const whole = (name: string) => ({
    ...{ name, status: 'completed', booksClosed: true, said: null },
    ...{ fetched: CARDS, created: CARDS, stored: CARDS, missing: [] },
  });

  const reset: Harm = { kind: 'reset' };
  const cut: Harm = { kind: 'cut' };
  const half: Harm = { kind: 'half' };
  const dated = (): Harm => instead(429, { 'retry-after': new Date(Date.now() + 3_000).toUTCString() });
  const notPacked = instead(207, { 'content-type': 'text/xml', 'content-encoding': 'gzip' }, 'no gzip');
  /** One card left out, and one that is given and said to be gone in the same answer. */
  const contradict = (text: string): string => {
    const href = /[^>]*c056\.vcf/.exec(text)?.[0] ?? '';
    const gone = `<response><href>${href}</href><status>HTTP/1.1 404 Not Found</status></response>`;
    return text.replace(partOf('c055'), '').replace('</multistatus>', `${gone}</multistatus>`);
  };
  /** Five and more of a kind are beyond what one request is repeated: the run waits in between. */
  const passing: [string, Toxin['harm'], number][] = [
    ['resets', reset, 5],
    ['cuts', [cut, cut, { kind: 'stall' }], 3],
    ['halves', [half, half, half, half, half, notPacked], 6],
    ['trouble', [instead(500), instead(502), instead(503)], 6],
    ['slow-down', [instead(429, { 'retry-after': '2' }), dated], 2],
    ['flood', { kind: 'flood' }, 1],
    ['garbled', { kind: 'lie', tell: (text) => text.replace('</response>', '&<') }, 1],
    ['contradicting', { kind: 'lie', tell: contradict }, 1],
  ];
  it(
    'ends whole by itself where the trouble passes',
    async () => {
      const outcomes = await Promise.all(
        passing.map(async ([name, harm, times]) => {
          const book = await house.book(name);
          book.poison({ harm, times, strikes: secondPage });
          const end = await outcome(name, book, await book.importAll());
          return { ...end, struck: house.proxy.struck(book.place) };
        }),
      );
      expect(outcomes).toEqual(passing.map(([name, , times]) => ({ ...whole(name), struck: times })));
    },
    IN_TIME,
  );

  it(
    'waits as long as it is told, without asking meanwhile, and goes on at once when a person says so',
    async () => {
      const told: [string, () => string, number][] = [
        ['later', () => '3600', 3_600_000],
        ['later-date', () => new Date(Date.now() + 7_200_000).toUTCString(), 7_200_000],
      ];
      await Promise.all(
        told.map(async ([name, retryAfter, milliseconds]) => {
          const book = await house.book(name);
          const harm = (): Harm => instead(429, { 'retry-after': retryAfter() });
          book.poison({ strikes: secondPage, spreads: true, harm });
          const began = Date.now();
          const runId = await book.start();
          const waiting = await book.until(runId, (run) => run['waitingUntil'] !== undefined || rests(run));
          expect(waiting).toMatchObject({
            ...{ status: 'running', attention: null, lastError: null, waitingCode: 'provider_rate_limited' },
            objects: [{ counts: { created: FIRST_PAGE } }],
          });
          const until = Date.parse(String(waiting['waitingUntil']));
          expect(until).toBeGreaterThan(began + milliseconds - 1_000);
          expect(until).toBeLessThan(Date.now() + milliseconds + 1_000);
          const asked = house.proxy.asked(book.place);
          await house.desk.api.post(`/v1/runs/${runId}/pause`);
          await book.until(runId, ({ status }) => status === 'paused');
          expect([name, house.proxy.asked(book.place)]).toEqual([name, asked]);
          house.proxy.cure(book.place);
          await house.desk.api.post(`/v1/runs/${runId}/resume`);
          expect(await outcome(name, book, await book.until(runId, rests))).toEqual(whole(name));
        }),
      );
    },
    IN_TIME,
  );

  /** Stops at the second page with what came before it kept. */
  async function stopped(name: string, harm: Harm, expected: Record<string, unknown>) {
    const book = await house.book(name);
    book.poison({ strikes: secondPage, spreads: true, harm });
    const run = await book.importAll();
    expect([name, run]).toMatchObject([
      name,
      { status: 'needs_attention', booksClosed: true, objects: [{ counts: { fetched: FIRST_PAGE } }] },
    ]);
    expect([name, run]).toMatchObject([name, expected]);
    expect(await book.stored()).toEqual(allOf(name).slice(0, FIRST_PAGE));
    return { book, run };
  }

  it(
    'parks for a connection that was taken from it, and goes on by itself once a check succeeds',
    async () => {
      const revoked = async (): Promise<void> => {
        const { book, run } = await stopped(
          'revoked',
          instead(401, { 'www-authenticate': 'Basic realm="books"' }),
          { attention: { reason: 'reconnect', code: 'credentials_rejected', object: 'contacts' } },
        );
        expect(run.attention?.message).toMatch(/Enter them again/);
        expect(await book.sheet()).toMatchObject({ connection: { status: 'needs_attention' } });
        house.proxy.cure(book.place);
        house.proxy.lock(book.place, basic('ann', 'pass-b'));
        const credentials = { username: 'ann', password: 'canary-wrong' };
        const put = (password: string) =>
          house.desk.api.put(`/v1/apps/${book.appId}/credentials`, { ...credentials, password });
        expect(await put('canary-wrong')).toMatchObject({ status: 'needs_attention' });
        expect(await put('pass-b')).toMatchObject({ status: 'ready' });
        const ended = await book.until(run.runId, ({ status }) => status === 'completed');
        expect(await outcome('revoked', book, ended)).toEqual(whole('revoked'));
        expect(await book.sheet()).toMatchObject({ connection: { status: 'ready' } });
      };
      const forbidden = async (): Promise<void> => {
        const { book, run } = await stopped('forbidden', instead(403), {
          attention: { reason: 'permission', code: 'permission_missing', object: 'contacts' },
        });
        expect(run.attention?.message).toMatch(/does not allow this \(403\)/);
        expect(await book.check()).toMatchObject({ status: 'needs_attention' });
        house.proxy.cure(book.place);
        expect(await book.check()).toMatchObject({ status: 'ready' });
        const ended = await book.until(run.runId, ({ status }) => status === 'completed');
        expect(await outcome('forbidden', book, ended)).toEqual(whole('forbidden'));
      };
      await Promise.all([revoked(), forbidden()]);
    },
    IN_TIME,
  );

  it(
    'asks about a book that is gone, and goes on from the same page when it is back',
    async () => {
      const { book, run } = await stopped('gone', instead(404), {
        attention: { reason: 'question', code: 'provider_object_gone' },
      });
      expect(run.attention?.message).toMatch(/no longer|has nothing at/);
      house.proxy.cure(book.place);
      await house.desk.api.post(`/v1/runs/${run.runId}/answer`, {
        questionId: run.attention?.questionId,
        choice: 'resume',
      });
      const ended = await book.until(run.runId, ({ status }) => status === 'completed');
      expect(await outcome('gone', book, ended)).toEqual(whole('gone'));
    },
    IN_TIME,
  );

  it(
    'stops where the server speaks something else: what was written is reviewed, and a second run brings the rest',
    async () => {
      const strange: [string, Harm, RegExp][] = [
        ['log-in', html, /web page/],
        ['circle', instead(302, { location: '/ann/circle/' }), /redirects in a circle/],
        ['garbage', instead(207, { 'content-type': 'text/xml' }, '<<<%%% canary'), /not well-formed/],
        ['endless', { kind: 'flood' }, /larger than/],
      ];
      await Promise.all(
        strange.map(async ([name, harm, words]) => {
          const { book, run } = await stopped(name, harm, {
            attention: { reason: 'review' },
            lastError: { code: 'provider_contract_broken', object: 'contacts', step: 'transfer' },
          });
          expect(run.lastError?.message).toMatch(words);
          expect(JSON.stringify(run)).not.toContain('canary');
          await house.desk.api.post(`/v1/runs/${run.runId}/review`, {
            ...{ object: 'contacts', decision: 'accept', confirmed: ['sample_seen', 'account_seen'] },
          });
          const ended = await book.until(
            run.runId,
            ({ status }) => status !== 'running' && status !== 'needs_attention',
          );
          expect([name, ended]).toMatchObject([name, { status: 'failed', booksClosed: true }]);
          house.proxy.cure(book.place);
          const second = await book.importAll();
          expect([name, second]).toMatchObject([
            name,
            { status: 'completed', counts: { unchanged: FIRST_PAGE, created: CARDS - FIRST_PAGE } },
          ]);
          expect(await book.stored()).toEqual(allOf(name));
        }),
      );
    },
    IN_TIME,
  );

  it(
    'counts a card that comes under another id as a repeat, and takes it when the server tells the truth',
    async () => {
      const name = 'mistaken';
      const book = await house.book(name);
      const tell = (text: string): string => text.replaceAll(uidOf(name, 60), uidOf(name, 61));
      book.poison({ harm: { kind: 'lie', tell }, strikes: secondPage });
      const first = await book.importAll();
      expect(first).toMatchObject({ status: 'completed', booksClosed: true });
      expect(first.counts).toMatchObject({ fetched: CARDS, created: CARDS - 1, skipped: 1 });
      house.proxy.cure(book.place);
      const second = await book.importAll();
      expect(second.counts).toMatchObject({ fetched: CARDS, created: 1, failed: 0, skipped: 0 });
      expect(await book.stored()).toEqual(allOf(name));
    },
    IN_TIME,
  );
});
