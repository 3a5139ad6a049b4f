import { rests, type Body, type RunBody } from '../../local/api-client.js';
import { IN_TIME } from '../e2e/support/desk.js';
import {
  CARDS,
  enterBooks,
  FIRST_PAGE,
  secondPage,
  type ToxicBook,
  type ToxicHouse,
} from './support/toxic-books.js';
import type { Harm } from './support/toxic-proxy.js';

const refused: Harm = { kind: 'instead', status: 401, headers: {}, body: '' };

/** Promise: after a run that failed or was cancelled with something written, nothing starts before the cause is gone and that was looked at. */
describe('a provider that fails in the middle of an import', () => {
  let house: ToxicHouse;
  beforeAll(async () => {
    house = await enterBooks();
  }, IN_TIME);
  afterAll(() => house.leave(), IN_TIME);

  const send = (path: string, body: unknown) =>
    house.desk.api.raw('POST', path, {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
  const start = ({ appId }: ToxicBook) => send(`/v1/apps/${appId}/runs`, { kind: 'import', review: 'none' });

  /** One page was written when the server began to refuse the password. */
  async function parked(name: string): Promise<{ book: ToxicBook; run: RunBody }> {
    const book = await house.book(name);
    book.poison({ harm: refused, strikes: secondPage });
    const run = await book.importAll();
    expect(run).toMatchObject({ attention: { reason: 'reconnect' }, counts: { created: FIRST_PAGE } });
    return { book, run };
  }
  const ended = (book: ToxicBook, runId: string) =>
    book.until(runId, ({ status }) => ['completed', 'failed', 'cancelled'].includes(status));

  async function expectGenuine(runId: string, expected: Body): Promise<void> {
    const { api } = house.desk;
    const issued = await api.get(`/v1/runs/${runId}/certificate`);
    expect(issued['certificate']).toMatchObject({ ...expected, booksClosed: true });
    expect(await api.post('/v1/certificates/verify', issued)).toEqual({ valid: true });
    const text = JSON.stringify(issued['certificate']);
    const flipped: unknown = JSON.parse(text.replace('"booksClosed":true', '"booksClosed":false'));
    expect(await api.post('/v1/certificates/verify', { ...issued, certificate: flipped })).toMatchObject({
      valid: false,
      reason: expect.any(String) as string,
    });
  }

  it(
    'locks until a check succeeds, though a person has accepted what was written',
    async () => {
      const { book, run } = await parked('rejected');
      const { runId } = run;
      const early = await house.desk.api.raw('GET', `/v1/runs/${runId}/certificate`);
      expect(early).toMatchObject({ status: 409, body: { code: 'run_not_ended' } });
      await send(`/v1/runs/${runId}/answer`, { questionId: run.attention?.questionId, choice: 'stop' });
      await book.until(runId, ({ attention }) => attention?.reason === 'review');
      await send(`/v1/runs/${runId}/review`, {
        ...{ object: 'contacts', decision: 'accept', confirmed: ['sample_seen', 'account_seen'] },
      });
      expect(await ended(book, runId)).toMatchObject({ status: 'failed' });

      const evidence = { runId, causeTestsClean: false, unacknowledged: [] };
      expect(await start(book)).toMatchObject({ status: 409, body: { code: 'retry_locked', evidence } });
      house.proxy.cure(book.place);
      expect(await book.check()).toMatchObject({ status: 'ready' });
      expect(await book.sheet()).toMatchObject({ lock: null, runtimeStatus: 'ready' });
      const second = await start(book);
      expect(second.status).toBe(202);
      const whole = await book.until(String(second.body['runId']), rests);
      expect(whole).toMatchObject({
        ...{ status: 'completed', counts: { unchanged: FIRST_PAGE, created: CARDS - FIRST_PAGE } },
      });
      await expectGenuine(runId, { reviews: [{ object: 'contacts', decision: 'accept' }] });
      await expectGenuine(whole.runId, { counts: whole.counts });
    },
    IN_TIME,
  );

  it(
    'and a run that was cancelled then locks until a person says that they know what it wrote',
    async () => {
      const { book, run } = await parked('cancelled');
      await send(`/v1/runs/${run.runId}/cancel`, {});
      expect(await ended(book, run.runId)).toMatchObject({ status: 'cancelled' });
      house.proxy.cure(book.place);
      expect(await book.check()).toMatchObject({ status: 'ready' });
      const written = [{ object: 'contacts', created: FIRST_PAGE, updated: 0, deleted: 0 }];
      expect(await book.sheet()).toMatchObject({
        ...{ runtimeStatus: 'locked', lock: { evidence: { written, causeTestsClean: null } } },
        actions: { import: { available: false } },
      });
      expect(await start(book)).toMatchObject({ status: 409, body: { code: 'retry_locked' } });
      const said = await send(`/v1/runs/${run.runId}/acknowledge`, { note: 'Half of the book is here.' });
      expect(said).toMatchObject({ status: 202, body: { acknowledged: { note: expect.any(String) } } });
      const second = await start(book);
      expect(second.status).toBe(202);
      expect(await book.until(String(second.body['runId']), rests)).toMatchObject({ status: 'completed' });
    },
    IN_TIME,
  );
});
