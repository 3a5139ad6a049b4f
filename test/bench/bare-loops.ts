import { Decimal128, type Collection, type MongoClient } from 'mongodb';
import { syntheticRecord } from './synthetic.js';

const PAGE = 500;
const CONCERN = { w: 'majority', j: true } as const;

interface Bare {
  _id: string;
  [field: string]: unknown;
}

function bareRecords(from: number, count: number): Bare[] {
  return Array.from({ length: count }, (_, offset) => {
    const { externalId, data } = syntheticRecord('bare', from + offset);
    return {
      _id: `default/${externalId}`,
      object: 'contacts',
      version: Decimal128.fromString('1'),
      key: `default/${textAt(data, 'mail')}`,
      search: `default/${textAt(data, 'first')}`,
      terms: `default/${textAt(data, 'phone')}`,
      fields: data,
    };
  });
}

function textAt(data: object | string | number | boolean | null, field: string): string {
  return String(new Map(Object.entries(data ?? {})).get(field));
}

/** (a) The fastest exact way with this driver: the same records, `insertMany` in transactions of 500, nothing else. */
export async function bareInserts(
  client: MongoClient,
  collection: Collection<Bare>,
  records: number,
): Promise<number> {
  return perSecond(records, async (from, count) => {
    await client.withSession((session) =>
      session.withTransaction(() => collection.insertMany(bareRecords(from, count), { session }), {
        writeConcern: CONCERN,
      }),
    );
  });
}

/** What (a) costs where the collection can be looked up in as the product's `records` can: no goal, it tells what indexes take. */
export async function bareIndexedInserts(
  client: MongoClient,
  collection: Collection<Bare>,
  records: number,
): Promise<number> {
  for (const key of RECORD_INDEXES) await collection.createIndex(key);
  return bareInserts(client, collection, records);
}

const RECORD_INDEXES = [{ key: 1 }, { search: 1 }, { terms: 1 }, { object: 1, _id: 1 }] as const;

/** (b) The usual way: `bulkWrite` upserts, each commits by itself. */
export async function bareUpserts(collection: Collection<Bare>, records: number): Promise<number> {
  return perSecond(records, async (from, count) => {
    const writes = bareRecords(from, count).map(({ _id, ...rest }) => ({
      updateOne: { filter: { _id }, update: { $set: rest }, upsert: true },
    }));
    await collection.bulkWrite(writes, { ordered: false, writeConcern: CONCERN });
  });
}

async function perSecond(
  records: number,
  page: (from: number, count: number) => Promise<void>,
): Promise<number> {
  const from = performance.now();
  for (let at = 0; at < records; at += PAGE) await page(at, Math.min(PAGE, records - at));
  return records / ((performance.now() - from) / 1000);
}
