import { Client, Connection } from '@temporalio/client';
import { v7 as uuid } from 'uuid';
import { createWorkflowsPort } from '../../worker/workflows-port.js';

const address = process.env['TEST_TEMPORAL_ADDRESS'] ?? '';

describe('what activities may ask of Temporal', () => {
  let connection: Connection;
  let client: Client;
  beforeAll(async () => {
    connection = await Connection.connect({ address });
    client = new Client({ connection });
  });
  afterAll(() => connection.close());

  /** Of a run that no worker takes up. */
  async function started(runId: string) {
    const workflowId = `port-${uuid()}`;
    const options = { workflowId, taskQueue: `nobody-${uuid()}`, memo: { runId } };
    const handle = await client.workflow.start('nobodyRunsThis', options);
    const asked = async (): Promise<number> => {
      const { events } = await handle.fetchHistory();
      return (events ?? []).filter((event) => event.workflowExecutionCancelRequestedEventAttributes).length;
    };
    return { workflowId, temporalRunId: handle.firstExecutionRunId, handle, asked };
  }

  it('a cancel is asked for once, however often it is told, by either address', async () => {
    const port = createWorkflowsPort(client, 'nobody');
    const { workflowId, temporalRunId, handle, asked } = await started('run-1');
    expect(await port.state(workflowId, temporalRunId)).toBe('running');
    await port.cancel({ workflowId, temporalRunId: null, runId: 'run-1' });
    await port.cancel({ workflowId, temporalRunId, runId: 'run-1' });
    expect(await asked()).toBe(1);
    await handle.terminate();
    expect(await port.state(workflowId, temporalRunId)).toBe('gone');
    await port.cancel({ workflowId, temporalRunId, runId: 'run-1' });
  });

  it('a cancel never reaches another run under the same id, and one that is nowhere is no error', async () => {
    const port = createWorkflowsPort(client, 'nobody');
    const { workflowId, handle, asked } = await started('run-2');
    await port.cancel({ workflowId, temporalRunId: null, runId: 'run-1' });
    expect(await asked()).toBe(0);
    await handle.terminate();
    await port.cancel({ workflowId: `port-${uuid()}`, temporalRunId: null, runId: 'run-1' });
  });
});
