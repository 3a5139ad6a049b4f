import { randomUUID } from 'node:crypto';
import type { StackName } from '../../local/start.js';
import { enter, IN_TIME, type House } from './support/house.js';
import {
  csv,
  expectBooks,
  importOf,
  insist,
  installFiles,
  openItems,
  people,
  recordsOf,
  untilEnded,
  untilPages,
  untilRests,
  upload,
} from './support/people.js';

/** The contract's 10 s, and something for a busy machine. */
const PROMPT_MS = 12_000;

describe('while a part of the system is away', () => {
  let house: House;
  beforeAll(async () => {
    house = await enter();
  }, IN_TIME);
  afterAll(() => house.leave(), IN_TIME);

  /** The answer of a request that must not hang. */
  async function promptly(method: string, path: string, body?: unknown, key?: string) {
    const started = Date.now();
    const answer = await house.api.raw(method, path, {
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: {
        'content-type': 'application/json',
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
    });
    expect(Date.now() - started).toBeLessThan(PROMPT_MS);
    return answer;
  }

  async function without<T>(name: StackName, doing: () => Promise<T>): Promise<T> {
    await house.stack.halt(name, 'SIGKILL');
    try {
      return await doing();
    } finally {
      await house.stack.resume(name);
      await house.stack.ready(IN_TIME);
    }
  }

  it('without a worker: a start is accepted and begins later; a decision is unknown, and taken once when sent again', async () => {
    const { api } = house;
    const waiting = await importOf(api, people(20), { review: 'each_object' });
    await untilRests(api, waiting.runId);
    const confirmed = await openItems(api, waiting.runId);
    const path = `/v1/runs/${waiting.runId}`;
    const review = { object: 'contacts', decision: 'accept', confirmed };
    const later = await installFiles(api);
    await upload(api, later, csv(people(20, 101)));
    const [key, startKey] = [randomUUID(), randomUUID()];
    const start = { kind: 'import', review: 'none' };

    const startedRun = await without('worker', async () => {
      const started = await promptly('POST', `/v1/apps/${later}/runs`, start, startKey);
      expect(started).toMatchObject({ status: 202, body: { status: 'running', startedAt: null } });
      const unavailable = { status: 503, body: { code: 'worker_unavailable' } };
      expect(await promptly('POST', `${path}/review`, review, key)).toMatchObject(unavailable);
      expect(await promptly('POST', `/v1/runs/${String(started.body['runId'])}/pause`, {})).toMatchObject(
        unavailable,
      );
      expect(await promptly('GET', path)).toMatchObject({
        status: 200,
        body: { attention: { reason: 'review' } },
      });
      return String(started.body['runId']);
    });

    await insist(api, `${path}/review`, review, key);
    expect(await untilEnded(api, waiting.runId)).toMatchObject({
      status: 'completed',
      reviewState: 'accepted',
    });
    expect(await promptly('POST', `${path}/review`, review, key)).toMatchObject({ status: 202 });
    const { items } = await api.get<{ items: { action: string; target: string }[] }>('/v1/audit?limit=1000');
    const reviews = items.filter(
      ({ action, target }) => action === 'run.reviewed' && target === waiting.runId,
    );
    expect(reviews).toHaveLength(1);

    // The pause that nobody answered may have been taken, too: unknown means that.
    const now = await untilRests(api, startedRun);
    if (now.status === 'paused') await insist(api, `/v1/runs/${startedRun}/resume`, {});
    const run = await untilEnded(api, startedRun);
    expectBooks(run, { created: 20 });
    expect(await promptly('POST', `/v1/apps/${later}/runs`, start, startKey)).toMatchObject({
      ...{ status: 202, body: { runId: startedRun } },
    });
  }, 300_000);

  it('with a worker that is frozen, a check blames the worker and not the provider', async () => {
    const { api } = house;
    const appId = await installFiles(api);
    const pid = house.stack.pid('worker');
    if (pid === undefined) throw new Error('No worker runs.');
    process.kill(pid, 'SIGSTOP');
    try {
      expect(await promptly('POST', `/v1/apps/${appId}/check`, {})).toMatchObject({
        status: 503,
        body: { code: 'worker_unavailable' },
      });
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    // The worker goes on where it was.
    await expect(api.post(`/v1/apps/${appId}/check`, {})).resolves.toMatchObject({ status: 'ready' });
  }, 60_000);

  it('without a worker a cancel is accepted, and takes effect when one is back', async () => {
    const { api } = house;
    const { appId, runId } = await importOf(api, people(15_000, 10_001));
    await untilPages(api, runId, 2);
    await without('worker', async () => {
      expect((await promptly('POST', `/v1/runs/${runId}/cancel`, {})).status).toBe(202);
    });
    const run = await untilEnded(api, runId);
    expect(run.status).toBe('cancelled');
    expect(run.counts['created']).toBeLessThan(15_000);
    expectBooks(run, { created: run.counts['created'] ?? -1 });
    expect(await recordsOf(api, appId)).toHaveLength(run.counts['created'] ?? -1);
  }, 300_000);

  it('without Temporal everything is answered, and the start that was sent again is one run; a cancel is accepted', async () => {
    const { api } = house;
    const appId = await installFiles(api);
    await upload(api, appId, csv(people(20, 50_001)));
    const waiting = await importOf(api, people(20, 60_001), { review: 'each_object' });
    await untilRests(api, waiting.runId);
    const key = randomUUID();
    const path = `/v1/apps/${appId}/runs`;
    const body = { kind: 'import', review: 'none' };
    await without('temporal', async () => {
      const away = { status: 503, body: { code: 'temporal_unavailable' } };
      const review = { object: 'contacts', decision: 'accept_and_stop', confirmed: [] };
      const refused = await Promise.all([
        promptly('POST', path, body, key),
        promptly('POST', `/v1/runs/${waiting.runId}/review`, review),
        promptly('POST', `/v1/apps/${appId}/check`, {}),
      ]);
      expect(refused).toMatchObject([away, away, away]);
      expect(await promptly('POST', `/v1/runs/${waiting.runId}/cancel`, {})).toMatchObject({
        status: 202,
        body: { runId: waiting.runId, status: 'needs_attention' },
      });
      const answered = await Promise.all(
        ['/v1/runs', '/v1/records', '/healthz', '/readyz'].map((each) => promptly('GET', each)),
      );
      expect(answered.map(({ status }) => status)).toEqual([200, 200, 200, 503]);
    });
    const { runId } = await insist(api, path, body, key);
    expectBooks(await untilEnded(api, String(runId)), { created: 20 });
    const { items } = await api.get<{ items: unknown[] }>(path);
    expect(items).toHaveLength(1);
    // A run that waits for a person looks at nothing by itself: Temporal was told of the cancel once it was back.
    expect(await untilEnded(api, waiting.runId)).toMatchObject({ status: 'cancelled' });
  }, 300_000);

  it('without the store every call says so, and the run goes on when it is back', async () => {
    const { api } = house;
    const { appId, runId } = await importOf(api, people(5_000, 70_001));
    await untilPages(api, runId, 1);
    await without('mongodb', async () => {
      const away = { status: 503, body: { code: 'store_unavailable' } };
      const refused = await Promise.all([
        promptly('GET', `/v1/runs/${runId}`),
        promptly('POST', `/v1/apps/${appId}/runs`, { kind: 'import' }),
        promptly('POST', `/v1/runs/${runId}/cancel`, {}),
      ]);
      expect(refused).toMatchObject([away, away, away]);
      const answered = await Promise.all(['/healthz', '/readyz'].map((each) => promptly('GET', each)));
      expect(answered.map(({ status }) => status)).toEqual([200, 503]);
    });
    const run = await untilEnded(api, runId);
    expect(run.status).toBe('completed');
    expectBooks(run, { created: 5_000 });
    expect(await recordsOf(api, appId)).toHaveLength(5_000);
  }, 300_000);
});
