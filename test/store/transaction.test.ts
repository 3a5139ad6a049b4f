import { openDatabase, type Database } from '../../activities/store/mongo/collections.js';
import { updateAll } from '../../activities/store/mongo/commands.js';
import { readGuard } from '../../activities/store/mongo/guards.js';
import { transact } from '../../activities/store/mongo/transaction.js';
import { openStore, type OpenedStore } from './open.js';

/** A guard that was read in a transaction holds until its commit: what the writes by key rely on. */

interface Counter {
  _id: string;
  counter: number;
}

let opened: OpenedStore;
let database: Database;
beforeAll(async () => {
  opened = await openStore();
  const { client } = opened;
  database = openDatabase({ client, database: opened.database, now: () => new Date(), newId: () => 'id' });
});
beforeEach(async () => {
  await database.collection('turnCounters').insertOne({ _id: 'c', counter: 0 });
});
afterEach(() => opened.clear());
afterAll(() => opened.drop());

const read = async (): Promise<number | undefined> =>
  (await database.collection('turnCounters').findOne({ _id: 'c' }))?.counter;

it('runs again when a document that it read was changed before it wrote it', async () => {
  const seen: (number | undefined)[] = [];
  await transact(database, async (tx) => {
    const found = await readGuard<Counter>(tx, 'turnCounters', 'c');
    seen.push(found?.counter);
    if (seen.length === 1) {
      await database.collection('turnCounters').updateOne({ _id: 'c' }, { $set: { counter: 10 } });
    }
    await updateAll(tx, 'turnCounters', [
      { q: { _id: 'c' }, u: { $set: { counter: (found?.counter ?? 0) + 1 } } },
    ]);
  });
  expect(seen).toEqual([0, 10]);
  expect(await read()).toBe(11);
});

it('counts exactly when many raise what they read', async () => {
  const raise = (): Promise<void> =>
    transact(database, async (tx) => {
      const found = await readGuard<Counter>(tx, 'turnCounters', 'c');
      await updateAll(tx, 'turnCounters', [
        { q: { _id: 'c' }, u: { $set: { counter: (found?.counter ?? 0) + 1 } } },
      ]);
    });
  await Promise.all(Array.from({ length: 12 }, raise));
  expect(await read()).toBe(12);
});

it('leaves nothing behind when its body fails, and hands on the failure', async () => {
  const failing = transact(database, async (tx) => {
    await updateAll(tx, 'turnCounters', [{ q: { _id: 'c' }, u: { $set: { counter: 99 } } }]);
    throw new Error('stop');
  });
  await expect(failing).rejects.toThrow('stop');
  expect(await read()).toBe(0);
});
