import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { DeterminismViolationError } from '@temporalio/workflow';
import { Worker } from '@temporalio/worker';
import { workflowBundle } from '../workflows/stage.js';

const FOLDER = new URL('./histories/', import.meta.url);
const names = readdirSync(fileURLToPath(FOLDER)).filter((name) => name.endsWith('.json'));

interface History {
  events: { activityTaskScheduledEventAttributes?: { activityType: { name: string } } }[];
}

function read(name: string): History {
  return JSON.parse(readFileSync(fileURLToPath(new URL(name, FOLDER)), 'utf8')) as History;
}

async function replay(history: History): Promise<void> {
  const { code } = await workflowBundle();
  await Worker.runReplayHistory({ workflowBundle: { code } }, history, 'app:w1:replayed');
}

/** Recorded by `npm run record-histories`; what runs and waits in production must go on under tomorrow's code. */
describe('recorded histories', () => {
  it('are all there', () => {
    const stories = names.map((name) => name.replace('.json', ''));
    expect(stories).toEqual(
      expect.arrayContaining([
        ...['blocked', 'cancelled-midway', 'clean-import', 'clean-up', 'continued-as-new'],
        ...['in-review', 'partial-failure-parked-and-resumed', 'paused-and-resumed'],
        ...['planned-and-applied', 'repaired-in-review', 'waited-for-its-provider'],
      ]),
    );
  });

  it.each(names)('%s replays', async (name) => {
    await expect(replay(read(name))).resolves.toBeUndefined();
  });

  it.each(names)('%s would notice a change of its story', async (name) => {
    const history = read(name);
    const first = history.events.find((event) => event.activityTaskScheduledEventAttributes);
    if (!first?.activityTaskScheduledEventAttributes) throw new Error('The history schedules no activity.');
    first.activityTaskScheduledEventAttributes.activityType.name = 'somethingElse';
    await expect(replay(history)).rejects.toBeInstanceOf(DeterminismViolationError);
  });
});
