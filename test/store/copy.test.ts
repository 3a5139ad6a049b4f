import { Double } from 'mongodb';
import { copyStore } from '../../local/copy-store.js';
import { app, APP, begin, createPage, link, never, ORIGIN, record, WS } from './makers.js';
import { openStore, type OpenedStore } from './open.js';

/** Leaving one store for another: everything arrives, and nothing of somebody else's is touched. */

let opened: OpenedStore;
let target: string;
beforeAll(async () => {
  opened = await openStore();
  target = `${opened.database}-copy`;
});
afterEach(async () => {
  await opened.clear();
  await opened.client.db(target).dropDatabase();
});
afterAll(() => opened.drop());

const copy = (force = false): ReturnType<typeof copyStore> => {
  const { client, database } = opened;
  return copyStore({ source: client.db(database), target: client.db(target), force, say: () => undefined });
};

async function fill(): Promise<void> {
  const { store } = opened;
  await store.apps.insert(app({ settings: { 'a.b': 1 } }));
  const begun = await begin(store);
  await createPage(store, begun, 0, [['1', 'r1']]);
  async function* bytes(): AsyncIterable<Uint8Array> {
    yield Promise.resolve(Buffer.from('some bytes'));
  }
  await store.files.upload(WS, APP, 'f1', bytes());
  await opened.client
    .db(opened.database)
    .collection('audit')
    .insertOne({ whole: new Double(5) });
}

it('arrives whole, files and types of numbers included, and can be worked with', async () => {
  await fill();
  const copied = await copy();
  expect(copied.find((each) => each.name === 'files.chunks')?.documents).toBe(1);
  const there = opened.another({ database: target });
  await there.prepare();
  expect(await there.apps.get(WS, APP)).toEqual(app({ settings: { 'a.b': 1 } }));
  expect(await there.records.byIds(WS, ['r1'])).toEqual([record('r1')]);
  expect(await there.links.byExternalIds(WS, ORIGIN, 'contacts', ['1'])).toEqual([link('1', 'r1')]);
  expect(await there.links.count(WS, ORIGIN, 'contacts')).toBe(1);
  const found = await opened.client.db(target).collection('audit').findOne({}, { promoteValues: false });
  expect(found?.['whole']).toBeInstanceOf(Double);
  const turn = await there.turns.acquire(WS, 'deals', 'h', never());
  expect(await there.records.insert(record('r2', { object: 'deals' }), turn)).toBe('written');
});

it('refuses a target that holds something, unless it may replace it', async () => {
  await fill();
  await copy();
  await expect(copy()).rejects.toThrow('holds documents already');
  await opened.another({ database: target }).apps.insert(app({ appId: 'theirs' }));
  await copy(true);
  expect(await opened.another({ database: target }).apps.get(WS, 'theirs')).toBeNull();
  await opened.client.db(target).collection('foreign').insertOne({ mine: true });
  await copy(true);
  expect(await opened.client.db(target).collection('foreign').countDocuments()).toBe(1);
});

it('goes on after it broke off, and tells when counts differ', async () => {
  await fill();
  const there = opened.client.db(target);
  await there.collection<{ _id: string }>('storeCopy').insertOne({ _id: 'begun' });
  await there.collection<{ _id: string }>('links').insertOne({ _id: 'nobody/knows' });
  await expect(copy()).rejects.toThrow('links has 1 documents and its copy 2');
  await there.collection<{ _id: string }>('links').deleteOne({ _id: 'nobody/knows' });
  await copy();
  expect(await there.listCollections({ name: 'storeCopy' }).toArray()).toEqual([]);
});

it('finds no store to copy in an empty database', async () => {
  const empty = opened.client.db(`${target}-none`);
  const copying = copyStore({
    source: empty,
    target: opened.client.db(target),
    force: false,
    say: () => undefined,
  });
  await expect(copying).rejects.toThrow('no store of Sluice');
});
