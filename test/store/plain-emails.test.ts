import { encodeRecord } from '../../activities/store/mongo/record-codec.js';
import { openDatabase, type Database } from '../../activities/store/mongo/collections.js';
import type { Progress } from '../../activities/store/mongo/migration.js';
import { MIGRATIONS, prepareStore } from '../../activities/store/mongo/migrations.js';
import { plainEmails } from '../../activities/store/mongo/plain-emails.js';
import type { StoredRecord } from '../../activities/records/types.js';
import { stored as made } from '../support/record-makers.js';
import { openStore, type OpenedStore } from './open.js';

/** Records that were stored before tagged addresses had a plain form: they get it, each once, whatever stops the work. */

let opened: OpenedStore;
let database: Database;
beforeEach(async () => {
  opened = await openStore();
  database = openDatabase({
    client: opened.client,
    database: opened.database,
    now: () => new Date(),
    newId: () => String(Math.random()),
  });
});
afterEach(() => opened.drop());

const WORKSPACES = ['w1', 'a/b %x'];

/** As it is made today. */
function contact(workspaceId: string, recordId: string, emails: string[], phone?: string): StoredRecord {
  const fields = { name: `Person ${recordId}`, emails, ...(phone !== undefined && { phone }) };
  return made(recordId, fields, { workspaceId });
}

/** As it was stored by code that knew no plain forms. */
async function storeOld(records: readonly StoredRecord[]): Promise<void> {
  const old = records.map((record) =>
    encodeRecord({ ...record, keys: record.keys.filter((key) => !key.startsWith('emailBase:')) }),
  );
  await database.collection('records').insertMany(old);
}

async function stored(): Promise<Map<string, StoredRecord>> {
  const all = await Promise.all(
    WORKSPACES.map(
      async (workspaceId) => (await opened.store.records.list(workspaceId, {}, { limit: 1000 })).items,
    ),
  );
  return new Map(all.flat().map((record) => [`${record.workspaceId}/${record.recordId}`, record]));
}

const told: Progress = { at: null, reached: () => Promise.resolve() };

it('brings every contact to the keys that it would be stored with today, and touches nothing else', async () => {
  const records = WORKSPACES.flatMap((ws) => [
    contact(ws, 'r1', ['ann+news@corp.example'], '+12025550123'),
    contact(ws, 'r2', ['ben@corp.example', 'ben+a@corp.example', 'ben+b@corp.example']),
    contact(ws, 'r3', ['cora@corp.example']),
    contact(ws, 'r4', []),
    contact(ws, 'r5', ['+@corp.example', 'dan+x+y@corp.example']),
    made('a1', { name: 'A' }, { workspaceId: ws, object: 'accounts' }),
  ]);
  await storeOld(records);
  await plainEmails({ batch: 2 }).run(database, told);
  const after = await stored();
  for (const record of records) {
    const now = after.get(`${record.workspaceId}/${record.recordId}`);
    const changed = record.keys.some((key) => key.startsWith('emailBase:'));
    expect([record.recordId, [...(now?.keys ?? [])].sort()]).toEqual([
      record.recordId,
      [...record.keys].sort(),
    ]);
    expect(now).toEqual({ ...record, keys: expect.any(Array), version: record.version + (changed ? 1 : 0) });
  }
  const found = await opened.store.records.byKeys('w1', 'contacts', ['emailBase:ann@corp.example']);
  expect(found.map(({ recordId }) => recordId)).toEqual(['r1']);
  await plainEmails({ batch: 3 }).run(database, told);
  expect(await stored()).toEqual(after);
});

it('goes on below what was done when it is stopped between two batches', async () => {
  const records = Array.from({ length: 7 }, (_, n) => contact('w1', `r${n}`, [`p${n}+x@corp.example`]));
  await storeOld(records);
  await database.db
    .collection<{ _id: string }>('meta')
    .updateOne({ _id: 'schema' }, { $set: { version: MIGRATIONS.length } });
  const reached: string[] = [];
  let stopAfter = 2;
  const work = plainEmails({ batch: 2 });
  const migrations = [
    ...MIGRATIONS,
    {
      ...work,
      run: (db: Database, progress: Progress) =>
        work.run(db, {
          at: progress.at,
          async reached(at: string) {
            await progress.reached(at);
            reached.push(at);
            stopAfter -= 1;
            if (stopAfter === 0) throw new Error('killed');
          },
        }),
    },
  ];
  await expect(prepareStore(database, migrations)).rejects.toThrow('killed');
  expect(reached).toEqual(['w1/r5', 'w1/r3']);
  // What lies above is not looked at again.
  await database.collection('records').deleteOne({ _id: 'w1/r6' });
  await storeOld(records.slice(6));
  await prepareStore(database, migrations);
  const keys = [...(await stored()).values()].map(({ recordId, keys: has }) => [recordId, has.length]);
  expect(Object.fromEntries(keys)).toEqual({ r0: 2, r1: 2, r2: 2, r3: 2, r4: 2, r5: 2, r6: 1 });
  expect(reached.slice(2)).toEqual(['w1/r1']);
  const schema = await database.db.collection<{ _id: string }>('meta').findOne({ _id: 'schema' });
  expect(schema).toMatchObject({ version: migrations.length, holder: null });
  expect(schema).not.toHaveProperty('at');
});

it('loses no edit that comes in between, and two processes at once do no harm', async () => {
  const records = Array.from({ length: 20 }, (_, n) => contact('w1', `r${n}`, [`p${n}+x@corp.example`]));
  await storeOld(records);
  const work = [1, 3].map((batch) => plainEmails({ batch }).run(database, told));
  const edits = records.map(async ({ recordId }) => {
    const [record] = await opened.store.records.byIds('w1', [recordId]);
    if (!record) throw new Error('gone');
    const edited = { ...record, fields: { ...record.fields, title: 'Boss' }, version: record.version + 1 };
    return opened.store.records.replace(edited, record.version, []);
  });
  const [results] = await Promise.all([Promise.all(edits), ...work]);
  // A replace with the keys of before is the old code's; what it wrote after us is mended by a second round.
  await plainEmails().run(database, told);
  const after = [...(await stored()).values()];
  expect(after.every(({ keys }) => keys.length === 2)).toBe(true);
  const titled = after.filter(({ fields }) => fields['title'] === 'Boss').length;
  expect(titled).toBe(results.filter((result) => result === 'written').length);
});
