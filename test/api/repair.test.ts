import { CLOSING_PAUSE_MS, CLOSING_TRIES } from '../../api/start-run.js';
import type { DecidedPage, DuplicateFound } from '../../activities/records/page.js';
import { noCounts, type SourceRecord } from '../../activities/records/types.js';
import type { RunDoc } from '../../activities/store/run-documents.js';
import { inspectsAs, startHarness, type Harness } from './harness.js';

describe('repairing a run, and deciding about duplicates', () => {
  let api: Harness;
  let appId: string;
  let run: RunDoc;
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
    api.gateway.sent.length = 0;
    api.gateway.started.length = 0;
    const { body } = await api.call('post', `/v1/apps/${appId}/runs`, { body: { kind: 'import' } });
    await onePage(body.runId);
    const found = await api.store.runs.get('default', body.runId);
    if (!found) throw new Error('no run');
    run = found;
  });
  afterEach(async () => {
    await api.store.runs.patch('default', run.runId, {
      status: 'completed',
      endedAt: new Date().toISOString(),
    });
    api.gateway.end(appId);
  });
  afterAll(() => api.close());

  /** A worker staged and applied one page: one record failed, another looks like two. */
  async function onePage(runId: string, knowsOutcomes = true): Promise<void> {
    const { store } = api;
    const ref = { workspaceId: 'default', appId, runId };
    const { fetch, apply } = await store.transfers.claim(ref, 'contacts', { slice: 0, attempt: 1 });
    const sources: SourceRecord[] = ['n1', 'n2'].map((externalId) => ({
      externalId,
      data: { id: externalId },
    }));
    await store.pages.stage({
      ...{
        ref,
        object: 'contacts',
        epoch: fetch.epoch,
        fromSeq: 0,
        pages: [sources],
        cursor: null,
        done: true,
      },
      ...{ bookmark: null, complete: true, traffic: { requests: 1, bytes: 10 } },
    });
    const found: DuplicateFound = {
      ...{ externalId: 'n2', candidates: ['r1', 'r2'], matchedOn: ['email'], decision: 'skipped' },
      incoming: { name: 'Ann' },
    };
    const turn = await store.turns.acquire('default', 'contacts', 'test', AbortSignal.timeout(5_000));
    const empty: Pick<DecidedPage, 'records' | 'links' | 'bumps' | 'pending' | 'journal'> = {
      ...{ records: [], links: [], bumps: [], pending: [], journal: [] },
    };
    await store.pages.apply({
      ...{
        ref,
        object: 'contacts',
        seq: 0,
        pageOrigin: 'fetch',
        origin: `files:${appId}`,
        epoch: apply.epoch,
      },
      ...{
        turn,
        settled: [],
        rows: 2,
        ...(knowsOutcomes && { kept: { marks: 'fp', notes: [[0, [['value_invalid', 0, 0]], []]] } }),
        now: new Date().toISOString(),
      },
      decided: {
        ...empty,
        outcomes: [
          { externalId: 'n1', outcome: 'failed', recordId: null, reason: 'value_invalid' },
          { externalId: 'n2', outcome: 'skipped', recordId: null, reason: 'duplicate' },
        ],
        problems: [{ severity: 'failed', code: 'value_invalid', externalId: 'n1', message: 'no' }],
        duplicates: [found],
        counts: { ...noCounts(), fetched: 2, failed: 1, skipped: 1 },
        identity: { known: 0, changed: 0, samples: [] },
      },
    });
    await store.turns.release(turn);
    await store.runs.patchObject('default', runId, 'contacts', { startedAt: new Date().toISOString() });
  }

  const end = async (patch: Partial<RunDoc> = {}) => {
    await api.store.runs.patch('default', run.runId, {
      ...{ status: 'completed', endedAt: new Date().toISOString(), attention: null },
      ...patch,
    });
    api.gateway.end(appId);
  };
  const post = (body: object, headers: Record<string, string> = {}) =>
    api.call('post', `/v1/runs/${run.runId}/repair`, { body, headers });
  const put = (externalId: string, body: object) =>
    api.call('put', `/v1/runs/${run.runId}/duplicates/contacts/${externalId}`, { body });

  it('is at work until its end is written: then a start waits for its workflow to close', async () => {
    await end();
    expect((await post({})).status).toBe(202);
    const at = new Date().toISOString();
    const repair: NonNullable<RunDoc['repair']> = {
      ...{
        repairId: 'r',
        state: 'running',
        object: null,
        code: null,
        externalIds: null,
        repaired: 0,
        changed: 0,
      },
      ...{
        stillFailed: 0,
        error: null,
        by: { id: 'a', name: 'A' },
        at,
        endedAt: null,
        next: null,
        rulesVersion: null,
      },
    };
    const begin = () => api.call('post', `/v1/apps/${appId}/runs`, { body: { kind: 'import' } });
    await api.store.runs.patch('default', run.runId, { repair });
    const began = performance.now();
    expect((await begin()).body).toMatchObject({ code: 'run_already_active', runId: run.runId });
    expect(performance.now() - began).toBeLessThan((CLOSING_TRIES * CLOSING_PAUSE_MS) / 2);

    await api.store.runs.patch('default', run.runId, { repair: { ...repair, state: 'done', endedAt: at } });
    const { startRun } = api.gateway;
    let tries = 0;
    api.gateway.startRun = (...args) => {
      tries += 1;
      if (tries === 3) api.gateway.end(appId);
      return startRun(...args);
    };
    const { status, body } = await begin();
    api.gateway.startRun = startRun;
    expect([status, tries]).toEqual([202, 3]);
    await api.store.runs.patch('default', body.runId, { status: 'completed', endedAt: at });
  });

  it('goes to the workflow of a run that waits in its review, once per Idempotency-Key', async () => {
    await api.store.runs.patch('default', run.runId, {
      status: 'needs_attention',
      attention: {
        ...{ reason: 'review', object: 'contacts', questionId: null, code: null, message: null, choices: [] },
        ...{ since: run.createdAt, evidence: null },
      },
    });
    const { status } = await post({ code: 'value_invalid' }, { 'Idempotency-Key': 'again' });
    expect(status).toBe(202);
    await post({ code: 'value_invalid' }, { 'Idempotency-Key': 'again' });
    expect(api.gateway.sent).toHaveLength(1);
    expect(api.gateway.sent[0]?.message).toMatchObject({
      name: 'repairRun',
      message: { code: 'value_invalid', repairId: expect.any(String) },
    });
  });

  it('is refused while the run moves records, with what to do', async () => {
    const { status, body } = await post({});
    expect(status).toBe(409);
    expect(body.code).toBe('object_transferring');
    expect(body.detail).toMatch(/wait/i);
    expect(api.gateway.sent).toEqual([]);
  });

  it('of a run that has ended is a workflow under the id of the app', async () => {
    await end();
    const { status } = await post({ externalIds: ['n1'] });
    expect(status).toBe(202);
    expect(api.gateway.started.at(-1)).toMatchObject({ runId: run.runId, kind: 'repair' });
    const again = await post({ externalIds: ['n1'] });
    expect(again.body.code).not.toBe('nothing_to_repair');
  });

  it('of a run that kept no outcomes says so, and what to do instead', async () => {
    await end();
    const { body } = await api.call('post', `/v1/apps/${appId}/runs`, { body: { kind: 'import' } });
    await onePage(body.runId, false);
    const found = await api.store.runs.get('default', body.runId);
    if (!found) throw new Error('no run');
    run = found;
    await end();
    const refused = await post({});
    expect([refused.status, refused.body.code]).toEqual([409, 'nothing_to_repair']);
    expect(refused.body.detail).toMatch(/before Sluice kept .* Nothing was changed/);
    expect(api.gateway.started.at(-1)).not.toMatchObject({ kind: 'repair' });
  });

  it.each([
    [{ externalIds: ['nobody'] }, {}, 'nothing_to_repair'],
    [{ code: 'no_such_code' }, {}, 'nothing_to_repair'],
    [{ object: 'deals' }, {}, 'nothing_to_repair'],
    [{}, { undoExpired: true }, 'undo_expired'],
  ])('%j with %j is refused', async (body, patch, code) => {
    await end(patch);
    const answer = await post(body);
    expect(answer.status).toBe(409);
    expect(answer.body.code).toBe(code);
    expect(answer.body.detail).toMatch(/nothing was/i);
  });

  it('is refused when everything was taken back', async () => {
    await api.store.runs.patchObject('default', run.runId, 'contacts', { state: 'cleaned_up' });
    await end();
    expect((await post({})).body.code).toBe('nothing_to_repair');
  });

  it.each([[{ externalIds: [] }], [{ object: 'people' }], [{ all: true }], [{ code: '' }]])(
    'bad input %j is said to be so',
    async (body) => {
      expect((await post(body)).status).toBe(400);
    },
  );

  it('is not for a viewer', async () => {
    const key = await api.newKey('viewer');
    const answer = await api.call('post', `/v1/runs/${run.runId}/repair`, { key, body: {} });
    expect(answer.status).toBe(403);
  });

  it('keeps a decision about a duplicate, with who and when, and lists it', async () => {
    const { status, body } = await put('n2', { decision: 'create' });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      externalId: 'n2',
      decision: 'create',
      decided: { recordId: null, appliedAt: null },
    });
    const listed = await api.call('get', `/v1/runs/${run.runId}/duplicates`);
    expect(listed.body.items).toMatchObject([{ externalId: 'n2', decision: 'create' }]);
    const audit = await api.call('get', '/v1/audit');
    expect(audit.body.items[0]).toMatchObject({ action: 'duplicate.decided', target: run.runId });
  });

  it('asks which record where there are several, and takes only one that is there', async () => {
    expect((await put('n2', { decision: 'update' })).status).toBe(422);
    expect((await put('n2', { decision: 'update', recordId: 'nobody' })).status).toBe(422);
    expect((await put('n2', { decision: 'skip', recordId: 'r1' })).status).toBe(422);
    expect((await put('n2', { decision: 'merge' })).status).toBe(400);
    expect((await put('n9', { decision: 'skip' })).status).toBe(404);
    const made = await api.call('post', '/v1/records', {
      body: { object: 'contacts', fields: { name: 'Ann' } },
    });
    const { recordId } = made.body;
    const { status, body } = await put('n2', { decision: 'update', recordId });
    expect(status).toBe(200);
    expect(body.decided).toMatchObject({ recordId });
  });
});
