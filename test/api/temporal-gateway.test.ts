import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { v7 as uuid } from 'uuid';
import { createWorkflowGateway } from '../../api/temporal-gateway.js';
import {
  MessageRefused,
  NoLiveWorkflow,
  TemporalUnavailable,
  WorkerSilent,
  type RunMessage,
} from '../../api/workflow-gateway.js';

const address = process.env['TEST_TEMPORAL_ADDRESS'] ?? '';
const review = (confirmed: string[]): RunMessage => ({
  name: 'submitReview',
  message: { object: 'contacts', decision: 'accept', confirmed, notAfter: '2999-01-01T00:00:00.000Z' },
});
const newRef = () => ({ workspaceId: 'default', appId: uuid(), runId: uuid() });

/** A call of the client that waits for its next try when a test has closed the channel would throw into the test after it. */
const NO_RETRIES: [] = [];

describe('the gateway to Temporal', () => {
  let connection: Connection;
  let native: NativeConnection;
  let client: Client;
  let worker: Worker;
  let ended: Promise<void>;
  const taskQueue = `api-${uuid()}`;
  const gatewayOn = (queue: string) =>
    createWorkflowGateway(client, { taskQueue: queue, namespace: 'default', uiUrl: 'http://ui.test' });

  beforeAll(async () => {
    connection = await Connection.connect({ address, interceptors: NO_RETRIES });
    native = await NativeConnection.connect({ address });
    client = new Client({ connection });
    worker = await Worker.create({
      connection: native,
      taskQueue,
      workflowsPath: fileURLToPath(new URL('./gateway-workflows.ts', import.meta.url)),
      bundlerOptions: {
        webpackConfigHook: (config) => ({
          ...config,
          resolve: { ...config.resolve, extensionAlias: { '.js': ['.ts', '.js'] } },
        }),
      },
    });
    ended = worker.run();
  }, 120_000);
  afterAll(async () => {
    worker.shutdown();
    await ended;
    await native.close();
    await connection.close();
  });

  it('starts one workflow per app and names the live one', async () => {
    const gateway = gatewayOn(taskQueue);
    const ref = newRef();
    expect(await gateway.live(ref)).toBeNull();
    const started = await gateway.startRun('import', ref, 'token-1');
    expect(started).toMatchObject({ state: 'started' });
    const live = { runId: ref.runId, kind: 'import', token: 'token-1' };
    expect(await gateway.startRun('import', { ...ref, runId: uuid() }, 'token-2')).toEqual({
      state: 'taken',
      live,
    });
    expect(await gateway.live(ref)).toEqual(live);
    await gateway.connectionReady(ref);
    await client.workflow.getHandle(`app:default:${ref.appId}`).result();
    expect(await gateway.live(ref)).toBeNull();
    expect(await gateway.startRun('import', { ...ref, runId: uuid() }, 'token-3')).toMatchObject({
      state: 'started',
    });
    await gateway.cancel({ ...ref, temporalRunId: null });
  });

  it('sends a message once for an update id, and passes a refusal on', async () => {
    const gateway = gatewayOn(taskQueue);
    const ref = newRef();
    const started = await gateway.startRun('import', ref, 't');
    const temporalRunId = started.state === 'started' ? started.temporalRunId : null;
    const refused = gateway.send({ ...ref, temporalRunId }, review([]), 'u1');
    await expect(refused).rejects.toThrow(MessageRefused);
    await expect(refused).rejects.toMatchObject({
      code: 'review_incomplete',
      fields: { openItems: ['sample_seen'] },
    });
    await gateway.send({ ...ref, temporalRunId }, review(['sample_seen']), 'u2');
    await gateway.send({ ...ref, temporalRunId: null }, review(['sample_seen']), 'u2');
    await gateway.connectionReady(ref);
    expect(await client.workflow.getHandle(`app:default:${ref.appId}`).result()).toBe(1);
  });

  it('never sends a message for one run to the next run of the app', async () => {
    const gateway = gatewayOn(taskQueue);
    const first = newRef();
    const started = await gateway.startRun('import', first, 't');
    const temporalRunId = started.state === 'started' ? started.temporalRunId : null;
    await gateway.connectionReady(first);
    await client.workflow.getHandle(`app:default:${first.appId}`).result();
    const second = { ...first, runId: uuid() };
    await gateway.startRun('import', second, 't2');
    for (const run of [
      { ...first, temporalRunId },
      { ...first, temporalRunId: null },
    ]) {
      await expect(gateway.send(run, review(['sample_seen']), uuid())).rejects.toThrow(NoLiveWorkflow);
      await gateway.cancel(run);
    }
    expect(await gateway.live(first)).toMatchObject({ runId: second.runId });
    await gateway.cancel({ ...second, temporalRunId: null });
    await expect(client.workflow.getHandle(`app:default:${first.appId}`).result()).rejects.toThrow(
      'cancelled',
    );
  });

  it('knows that no worker answers, and still takes starts and cancels', async () => {
    const gateway = gatewayOn(`nobody-${uuid()}`);
    const ref = newRef();
    expect(await gateway.startRun('import', ref, 't')).toMatchObject({ state: 'started' });
    const from = performance.now();
    await expect(
      gateway.send({ ...ref, temporalRunId: null }, { name: 'pauseRun', message: {} }, 'u'),
    ).rejects.toThrow(WorkerSilent);
    expect(performance.now() - from).toBeLessThan(10_000);
    const args = {
      answerId: uuid(),
      ask: { about: 'check', workspaceId: 'default', appId: ref.appId },
    } as const;
    await gateway.ask(args);
    await gateway.ask(args);
    expect((await gateway.health()).worker).toMatchObject({ reachable: false, pollers: 0 });
    await gateway.cancel({ ...ref, temporalRunId: null });
  }, 30_000);

  it('sees the server and the worker', async () => {
    const { temporal, worker: seen } = await gatewayOn(taskQueue).health();
    expect(temporal).toMatchObject({ reachable: true, namespace: 'default', version: expect.any(String) });
    expect(seen).toMatchObject({ reachable: true, taskQueue });
  });

  it('says so within 10 s when Temporal is away', async () => {
    const away = Connection.lazy({ address: '127.0.0.1:9', interceptors: NO_RETRIES });
    const gateway = createWorkflowGateway(new Client({ connection: away }), {
      taskQueue,
      namespace: 'default',
      uiUrl: null,
    });
    const ref = newRef();
    for (const asking of [() => gateway.startRun('import', ref, 't'), () => gateway.live(ref)]) {
      const from = performance.now();
      await expect(asking()).rejects.toThrow(TemporalUnavailable);
      expect(performance.now() - from).toBeLessThan(10_000);
    }
    expect((await gateway.health()).temporal).toMatchObject({ reachable: false, version: null });
    await away.close();
  }, 30_000);

  it('says where a person finds a workflow', () => {
    expect(gatewayOn(taskQueue).place('app:default:a', 'r1')).toEqual({
      namespace: 'default',
      url: 'http://ui.test/namespaces/default/workflows/app%3Adefault%3Aa/r1/history',
    });
  });
});
