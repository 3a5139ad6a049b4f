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
      fields: data,
    };
  });
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
