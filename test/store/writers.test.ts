import { openDatabase, type Database } from '../../activities/store/mongo/collections.js';
import { transact } from '../../activities/store/mongo/transaction.js';
import { openStore, type OpenedStore } from './open.js';

interface Written {
  _id: string;
  by: string;
}

/** Longer silent than any process that lives. */
const LONG_AGO = new Date(Date.now() - 60_000);

describe('a transaction that a dead process left open', () => {
  let opened: OpenedStore;
  let database: Database;
  beforeAll(async () => {
    opened = await openStore();
    const { client, database: name } = opened;
    database = openDatabase({ client, database: name, now: () => new Date(), newId: () => 'unused' });
  });
  afterAll(() => opened.drop());

  const things = () => database.db.collection<Written>('things');
  const write = (by: string) =>
    transact(database, async ({ session }) => {
      await things().updateOne({ _id: '1' }, { $set: { by } }, { session });
    });

  it('is ended by whoever it is in the way of, and leaves nothing', async () => {
    await things().insertOne({ _id: '1', by: 'nobody' });
    const dead = opened.client.startSession();
    dead.startTransaction();
    await things().updateOne({ _id: '1' }, { $set: { by: 'the dead' } }, { session: dead });
    const writers = database.db.collection<{ _id: string; sessions: unknown[]; seenAt: Date }>('meta');
    await writers.insertOne({ _id: 'writer/dead', sessions: [dead.id?.id], seenAt: LONG_AGO });

    await write('the living');

    expect(await things().findOne({ _id: '1' })).toEqual({ _id: '1', by: 'the living' });
    expect(await writers.findOne({ _id: 'writer/dead' })).toBeNull();
    await expect(dead.commitTransaction()).rejects.toThrow();
    await dead.endSession();
  });

  it('is left alone while its process lives', async () => {
    let tries = 0;
    let slow: Promise<void> = Promise.resolve();
    await new Promise<void>((started) => {
      slow = transact(database, async ({ session }) => {
        tries += 1;
        await things().updateOne({ _id: '1' }, { $set: { by: 'the slow' } }, { session });
        started();
        // Longer than the other one waits before it looks for dead processes.
        await new Promise((resolve) => setTimeout(resolve, 1_500));
      });
    });
    await write('the second');
    await slow;
    expect(tries).toBe(1);
    expect(await things().findOne({ _id: '1' })).toEqual({ _id: '1', by: 'the second' });
    expect(await database.db.collection('meta').countDocuments({ seenAt: { $exists: true } })).toBe(1);
  });
});
