import { connectMongo } from '../../activities/store/mongo/connect.js';
import { openDatabase } from '../../activities/store/mongo/collections.js';
import { createMongoStore } from '../../activities/store/mongo/create-store.js';
import type { Migration } from '../../activities/store/mongo/migration.js';
import { MIGRATIONS, prepareStore, StoreTooNew } from '../../activities/store/mongo/migrations.js';
import { StoreUnavailable } from '../../activities/store/store.js';
import { begin, REF, source, staging, WS } from './makers.js';
import { openStore, type OpenedStore } from './open.js';

/** Making a store ready, and what is said when there is none. */

let opened: OpenedStore;
beforeEach(async () => {
  opened = await openStore();
});
afterEach(() => opened.drop());

it('may be repeated, and by several at once', async () => {
  await Promise.all([opened.store.prepare(), opened.another().prepare()]);
  await opened.store.prepare();
  const indexes = await opened.client.db(opened.database).collection('records').indexes();
  expect(indexes.map((index) => index.name).sort()).toEqual([
    '_id_',
    'key_1',
    'object_1__id_1',
    'search_1',
    'terms_1',
  ]);
});

it('runs migrations once and in order, goes on after one that failed, and refuses a newer store', async () => {
  const database = openDatabase({
    client: opened.client,
    database: opened.database,
    now: () => new Date(),
    newId: () => String(Math.random()),
  });
  const ran: string[] = [];
  let broken = true;
  // A store of the first schema, whatever this version brings it to.
  const meta = opened.client.db(opened.database).collection<{ _id: string; version: number }>('meta');
  await meta.updateOne({ _id: 'schema' }, { $set: { version: 1 } });
  const step = (name: string, fails = false): Migration => ({
    name,
    run: () => {
      if (fails && broken) return Promise.reject(new Error('the disk is full'));
      ran.push(name);
      return Promise.resolve();
    },
  });
  const migrations = [step('first'), step('second'), step('third', true), step('fourth')];
  await expect(prepareStore(database, migrations)).rejects.toThrow('the disk is full');
  expect(ran).toEqual(['second']);
  broken = false;
  await prepareStore(database, migrations);
  await prepareStore(database, migrations);
  expect(ran).toEqual(['second', 'third', 'fourth']);
  await expect(opened.store.prepare()).rejects.toThrow(StoreTooNew);
  await expect(opened.store.prepare()).rejects.toThrow(
    `schema version 4; this version of Sluice knows versions up to ${MIGRATIONS.length}`,
  );
});

it('says what it speaks with', async () => {
  const { name, version } = await opened.store.ping();
  expect(name).not.toBe('');
  expect(version).toMatch(/^\d+\.\d+/);
});

it('says plainly, without an address, that a store cannot be reached', async () => {
  const client = connectMongo('mongodb://user:canary@127.0.0.1:1/x?directConnection=true', {
    selectionMs: 200,
  });
  const store = createMongoStore({ client, database: 'x' });
  const calls = [
    store.ping(),
    store.runs.get(WS, 'r'),
    store.transfers.claim(REF, 'contacts', { slice: 0, attempt: 1 }),
    store.pages.stage(staging((await begin(opened.store)).claim, 0, [[source('1')]])),
  ];
  for (const call of calls) {
    const error: unknown = await call.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('canary');
    expect((error as Error).cause).toBeUndefined();
  }
  await store.close();
}, 120_000);
