import type { StackName } from '../../../local/start.js';
import type { Fault, House } from './house.js';
import { IN_TIME, until } from './house.js';
import {
  accept,
  expectBooks,
  importOf,
  peopleIn,
  rowsOf,
  undo,
  untilEnded,
  untilRests,
  type Person,
} from './people.js';
import type { Random } from './random.js';

/** Where a process is killed in the course of one import and its undo. */
export interface Kills {
  whileMoving: Fault[];
  /** Killed from outside while the run waits for a person. */
  inReview: StackName;
  onDecision: Fault[];
  whileUndoing: Fault[];
}

/** One import with a review, then its undo: at every kill it goes on by itself and ends as if nothing had happened. */
export async function survives(house: House, rows: readonly Person[], kills: Kills): Promise<void> {
  const { api, lay, struck, kill } = house;
  await lay(kills.whileMoving);
  const { appId, runId } = await importOf(api, rows, { review: 'each_object' });
  const moved = await untilRests(api, runId);
  expect(moved).toMatchObject({ attention: { reason: 'review', object: 'contacts' } });
  await struck();
  expectBooks(moved, { created: rows.length });
  expect(await peopleIn(api, appId)).toEqual(rowsOf(rows));

  await kill(kills.inReview);
  expect(await untilRests(api, runId)).toMatchObject({ attention: { reason: 'review' } });
  await lay(kills.onDecision);
  await accept(api, runId);
  const run = await untilEnded(api, runId);
  await struck();
  expect(run).toMatchObject({ status: 'completed', reviewState: 'accepted', booksClosed: true });

  await lay(kills.whileUndoing);
  const after = await undo(api, runId);
  await struck();
  expect(after.cleanup).toMatchObject({ remove: rows.length, restore: 0, keep: 0 });
  expect(await peopleIn(api, appId)).toEqual([]);
}

/** A call of the store, and where in it, that the seed decides; `pages` is how many pages the import has. */
export function somewhere(random: Random, pages: number, kills?: StackName): Fault {
  return {
    op: random.one(['pages.stage', 'pages.apply']),
    when: random.one(['before', 'uncommitted', 'committing', 'after']),
    seq: random.whole(0, pages - 1),
    ...(kills === undefined ? {} : { kills }),
  };
}

/** One import without a review, with these kills in it, ends with closed books, nothing missing and nothing twice. */
export async function endsWell(house: House, rows: readonly Person[], faults: Fault[]): Promise<void> {
  const { api, lay, laid } = house;
  await lay(faults);
  const { appId, runId } = await importOf(api, rows);
  await until('a first kill', async () => (await laid()).length < faults.length);
  const run = await api.untilRun(runId, ({ status }) => status === 'completed', { withinMs: IN_TIME });
  expectBooks(run, { created: rows.length });
  expect(await peopleIn(api, appId)).toEqual(rowsOf(rows));
}
