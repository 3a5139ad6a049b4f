import type { StackName } from '../../local/start.js';
import { enter, IN_TIME, type House } from '../faults/support/house.js';
import {
  csv,
  ended,
  expectBooks,
  insist,
  installFiles,
  people,
  peopleIn,
  rowsOf,
  undo,
  upload,
} from '../faults/support/people.js';
import { seeded } from '../faults/support/random.js';

const ROUNDS = Number(process.env['SLUICE_KILL_ROUNDS'] ?? 3);
const ROWS = 60_000;
const VICTIMS: readonly StackName[] = ['worker', 'api', 'mongodb', 'temporal'];
const MOST_BETWEEN_MS = 8_000;

describe('kills at any moment', () => {
  let house: House;
  beforeAll(async () => {
    house = await enter();
  }, IN_TIME);
  afterAll(() => house.leave(), IN_TIME);

  it('of any process, again and again, leave an import and its undo exact', async () => {
    const { api, stack } = house;
    const random = seeded('kills at any moment');
    for (let round = 0; round < ROUNDS; round += 1) {
      const rows = people(ROWS, 1 + round * ROWS);
      const appId = await installFiles(api);
      await upload(api, appId, csv(rows));
      const { runId } = await insist(api, `/v1/apps/${appId}/runs`, { kind: 'import', review: 'none' });
      const killing = new AbortController();
      const kills = killUntil(killing.signal);
      const run = await api.untilRun(String(runId), ended, { withinMs: 1_200_000 });
      killing.abort();
      const struck = await kills;
      process.stderr.write(`round ${round + 1}: ${struck.join(', ')}\n`);
      await stack.ready(IN_TIME);
      expect(run.status).toBe('completed');
      expectBooks(run, { created: ROWS });
      expect(await peopleIn(api, appId)).toEqual(rowsOf(rows));

      const undoing = new AbortController();
      const more = killUntil(undoing.signal);
      const after = await undo(api, String(runId)).finally(() => undoing.abort());
      await more;
      await stack.ready(IN_TIME);
      expect(after.cleanup).toMatchObject({ remove: ROWS, restore: 0, keep: 0 });
      expect(await peopleIn(api, appId)).toEqual([]);
    }

    /** One process after the other, as the seed decides, without waiting for the one before to be ready again. */
    async function killUntil(signal: AbortSignal): Promise<string[]> {
      const struck: string[] = [];
      const goesOn = (): boolean => !signal.aborted;
      while (goesOn()) {
        await pause(random.whole(500, MOST_BETWEEN_MS), signal);
        const victim = random.one(VICTIMS);
        if (goesOn() && stack.kill(victim, 'SIGKILL')) struck.push(victim);
      }
      return struck;
    }
  });
});

/** Until the time has come or it is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
