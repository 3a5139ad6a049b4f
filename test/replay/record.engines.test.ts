import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { TransferArgs } from '../../workflows/contract/activities.js';
import { newRef, setStage, slices } from '../workflows/stage.js';
import { STORIES } from '../workflows/stories.js';

/** Where recordings go: the repository's own when asked to record, else they are only proved to be possible. */
const folder = process.env['RECORD_HISTORIES'] === '1' ? new URL('./histories/', import.meta.url) : null;

function keep(name: string, history: unknown): void {
  if (!folder) return;
  mkdirSync(fileURLToPath(folder), { recursive: true });
  writeFileSync(fileURLToPath(new URL(`${name}.json`, folder)), `${historyToJSON(history as never)}\n`);
}

describe('histories can be recorded', () => {
  it.each(Object.keys(STORIES))('%s', async (name) => {
    const { stage, handle } = (await STORIES[name]?.()) ?? {};
    if (!stage || !handle) throw new Error('There is no such story.');
    const history = await handle.fetchHistory();
    expect(history.events?.length).toBeGreaterThan(5);
    keep(name, history);
    if ((await handle.describe()).status.name === 'RUNNING') {
      await handle.cancel();
      await handle.result();
    }
    await stage.close();
  });

  it('continued-as-new', async () => {
    const stage = await setStage({
      transferSlice: slices({ contacts: [{ state: 'more' }, { state: 'more' }, { state: 'done' }] }),
    });
    const args: TransferArgs = {
      ref: newRef(),
      object: 'contacts',
      slice: 0,
      allowed: [],
      slicesPerHistory: 2,
    };
    const handle = await stage.client.workflow.start('transferWorkflow', {
      ...{ workflowId: `transfer-${args.ref.runId}`, taskQueue: stage.taskQueue, args: [args] },
    });
    expect(await handle.result()).toEqual({ end: { state: 'done' }, slice: 3 });
    const first = stage.client.workflow.getHandle(handle.workflowId, handle.firstExecutionRunId);
    const history = await first.fetchHistory();
    keep('continued-as-new', history);
    const last = history.events?.at(-1);
    expect(last?.workflowExecutionContinuedAsNewEventAttributes).toBeTruthy();
    await stage.close();
  });
});
