import { pino } from 'pino';
import { cancelRun } from '../../api/cancel-run.js';
import type { RunDoc } from '../../activities/store/run-documents.js';
import {
  MessageRefused,
  NoLiveWorkflow,
  TemporalUnavailable,
  WorkerSilent,
} from '../../api/workflow-gateway.js';
import { inspectsAs, startHarness, type Harness } from './harness.js';

describe('decisions on a run', () => {
  let api: Harness;
  let appId: string;
  let runId: string;
  beforeAll(async () => {
    api = await startHarness();
    inspectsAs(api, {});
    appId = await api.newApp();
    await api.call('post', `/v1/apps/${appId}/files?object=contacts&name=a.csv`, {
      body: 'id,name\n1,Ann\n',
      headers: { 'Content-Type': 'text/csv' },
    });
  });
  beforeEach(async () => {
    api.gateway.onSend = () => undefined;
    api.gateway.sent.length = 0;
    api.gateway.away = null;
    runId = (await api.call('post', `/v1/apps/${appId}/runs`, { body: { kind: 'import' } })).body.runId;
  });
  afterEach(() => end());
  afterAll(() => api.close());

  async function end(patch: Partial<RunDoc> = {}): Promise<void> {
    await api.store.runs.patch('default', runId, {
      status: 'completed',
      endedAt: new Date().toISOString(),
      ...patch,
    });
    api.gateway.end(appId);
  }
  const post = (action: string, body: object = {}, headers: Record<string, string> = {}) =>
    api.call('post', `/v1/runs/${runId}/${action}`, { body, headers });
  const accept = { object: 'contacts', decision: 'accept', confirmed: ['sample_seen'] };

  it('sends a review with who decided, and until when it counts', async () => {
    const before = Date.now();
    const key = await api.newKey('operator', true);
    const { status, body } = await api.call('post', `/v1/runs/${runId}/review`, {
      key,
      body: { ...accept, note: 'fine' },
      headers: { 'Idempotency-Key': 'rev-1', 'Sluice-Actor': '{"id":"u1","name":"Ann"}' },
    });
    expect(status).toBe(202);
    expect(body.runId).toBe(runId);
    const [sent] = api.gateway.sent;
    expect(sent?.run).toMatchObject({ runId, appId, temporalRunId: expect.any(String) });
    expect(sent?.message).toMatchObject({
      name: 'submitReview',
      message: { ...accept, note: 'fine', actor: { id: 'u1', name: 'Ann' } },
    });
    const notAfter = Date.parse(sent?.message.message.notAfter ?? '');
    expect(notAfter - before).toBeGreaterThanOrEqual(60_000);
    expect(notAfter - before).toBeLessThan(75_000);
  });

  it('passes a refusal on with its fields', async () => {
    api.gateway.onSend = () => {
      throw new MessageRefused('review_incomplete', 'Still to be confirmed: account_seen.', {
        openItems: ['account_seen'],
      });
    };
    const { status, body } = await post('review', accept);
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'review_incomplete', openItems: ['account_seen'] });
    expect(body.detail).toContain('confirmed');
  });

  it('answers 503 when no worker takes it, and sends the same update again for the same key', async () => {
    api.gateway.onSend = () => {
      throw new WorkerSilent();
    };
    const headers = { 'Idempotency-Key': 'rev-2' };
    const silent = await post('review', accept, headers);
    expect({ status: silent.status, code: silent.body.code }).toEqual({
      status: 503,
      code: 'worker_unavailable',
    });
    expect(silent.body.detail).toContain('Idempotency-Key');
    const ids: string[] = [];
    const { send } = api.gateway;
    api.gateway.onSend = () => undefined;
    api.gateway.send = async (run, message, updateId) => {
      ids.push(updateId);
      await send(run, message, updateId);
    };
    expect((await post('review', accept, headers)).status).toBe(202);
    expect((await post('review', accept, headers)).status).toBe(202);
    api.gateway.send = send;
    expect(ids).toHaveLength(1);
  });

  it('tries once more where an earlier try of the same key expired while no worker was there', async () => {
    let tries = 0;
    api.gateway.onSend = () => {
      tries += 1;
      if (tries === 1) throw new MessageRefused('decision_expired', 'Too late.', {});
    };
    expect((await post('review', accept)).status).toBe(202);
    expect(tries).toBe(2);
  });

  it.each([
    [new TemporalUnavailable(), 503, 'temporal_unavailable'],
    [new NoLiveWorkflow(), 409, 'run_not_live'],
    [new MessageRefused('nothing_to_review', 'No.', {}), 409, 'nothing_to_review'],
    [new MessageRefused('run_ending', 'No.', {}), 409, 'run_ending'],
  ])('answers %s with %i %s', async (error, status, code) => {
    api.gateway.onSend = () => {
      throw error;
    };
    const answer = await post('review', accept);
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
  });

  it.each([
    [{ ...accept, object: 'people' }, 400],
    [{ ...accept, decision: 'maybe' }, 400],
    [{ ...accept, colour: 'red' }, 400],
    [{ object: 'contacts' }, 400],
    [{ ...accept, object: 'products' }, 409],
  ])('refuses the review %j', async (body, status) => {
    expect((await post('review', body)).status).toBe(status);
    expect(api.gateway.sent).toEqual([]);
  });

  it('answers, pauses and resumes through the workflow', async () => {
    expect((await post('answer', { questionId: 'q1', choice: 'resume', note: 'ok' })).status).toBe(202);
    expect((await post('pause')).status).toBe(202);
    expect((await post('resume')).status).toBe(202);
    expect(api.gateway.sent.map(({ message }) => message.name)).toEqual(['answer', 'pauseRun', 'resumeRun']);
    expect((await post('answer', { questionId: 'q1', choice: 'perhaps' })).status).toBe(400);
  });

  it('cancels with no worker: first the word that transfers obey, then Temporal', async () => {
    const { status } = await post('cancel');
    expect(status).toBe(202);
    expect(await api.store.runs.control('default', runId)).toBe('cancel');
    expect(api.gateway.cancelled).toContain(runId);
  });

  it('accepts a cancel while Temporal is away, and tells it when it is back', async () => {
    api.gateway.away = new TemporalUnavailable();
    const { status, body } = await post('cancel');
    expect({ status, body }).toMatchObject({ status: 202, body: { runId } });
    expect(await api.store.runs.control('default', runId)).toBe('cancel');
    expect(api.gateway.cancelled).not.toContain(runId);

    const run = await api.store.runs.get('default', runId);
    if (!run) throw new Error('The run is gone.');
    const logger = pino({ level: 'silent' });
    await cancelRun({ store: api.store, workflows: api.gateway, logger }, run, 5);
    const told = new Promise<void>((resolve) => {
      const { cancel } = api.gateway;
      api.gateway.cancel = async (address) => {
        await cancel(address);
        api.gateway.cancel = cancel;
        resolve();
      };
    });
    api.gateway.away = null;
    await told;
    expect(api.gateway.cancelled).toContain(runId);
  });

  it('has nothing to decide on an ended run', async () => {
    await end();
    for (const [action, body] of [
      ['review', accept],
      ['answer', { questionId: 'q', choice: 'stop' }],
      ['pause', {}],
      ['resume', {}],
      ['cancel', {}],
    ] as const) {
      const answer = await post(action, body);
      expect({ action, status: answer.status, code: answer.body.code }).toEqual({
        action,
        status: 409,
        code: 'run_ended',
      });
    }
  });

  it("undoes a live run through its workflow, and an ended one under the app's id", async () => {
    expect((await post('cleanup', { mode: 'undo', object: 'contacts', note: 'back' })).status).toBe(202);
    expect(api.gateway.sent[0]?.message).toMatchObject({
      name: 'cleanUp',
      message: { mode: 'undo', object: 'contacts', note: 'back' },
    });
    await end();
    const headers = { 'Idempotency-Key': 'undo-1' };
    expect((await post('cleanup', { mode: 'undo', note: 'back' }, headers)).status).toBe(202);
    expect(api.gateway.started.at(-1)).toMatchObject({ runId, kind: 'cleanup' });
    const second = await post('cleanup', { mode: 'undo', note: 'again' });
    expect(second.body).toMatchObject({ code: 'run_already_active', runId });
    const started = await api.call('post', `/v1/apps/${appId}/runs`, { body: { kind: 'import' } });
    expect(started.status).toBe(409);
  });

  it('asks for words where a person cleaned up, and refuses what cannot be undone', async () => {
    expect((await post('cleanup', { mode: 'manual' })).status).toBe(400);
    expect((await post('cleanup', { mode: 'undo', object: 'deals' })).body.code).toBe('nothing_to_clean_up');
    await end({ undoExpired: true });
    expect((await post('cleanup', { mode: 'undo' })).body.code).toBe('undo_expired');
    for (const path of ['backup', 'changes', 'duplicates', 'problems?format=source'])
      expect((await api.call('get', `/v1/runs/${runId}/${path}`)).body.code).toBe('source_expired');
  });

  it('cuts off a backup whose pages went while it was read, so that nobody takes it for whole', async () => {
    await end();
    expect((await api.call('get', `/v1/runs/${runId}/backup`)).status).toBe(200);
    const { runs } = api.store;
    const { get } = runs;
    let asked = 0;
    runs.get = async (...args) => {
      const found = await get(...args);
      asked += 1;
      return found && { ...found, undoExpired: asked > 1 };
    };
    await expect(api.call('get', `/v1/runs/${runId}/backup`)).rejects.toThrow(/aborted|hang up/);
    runs.get = get;
  });

  it('previews an undo without starting one', async () => {
    const numbers = { remove: 2, restore: 1, keep: 0, eventsDropped: 0, eventsDelivered: 0, conflicts: [] };
    api.gateway.onAsk = ({ answerId }) => api.store.answers.put(answerId, { result: numbers });
    await end();
    const before = api.gateway.started.length;
    const { status, body } = await post('cleanup?dryRun=true', { mode: 'undo' });
    expect({ status, body }).toEqual({ status: 200, body: numbers });
    expect(api.gateway.started).toHaveLength(before);
    inspectsAs(api, {});
  });
});
