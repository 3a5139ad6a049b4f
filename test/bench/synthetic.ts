import { z } from 'zod';
import type { Provider, ProviderDescription, SourcePage } from '../../activities/providers/provider.js';
import type { SourceRecord } from '../../activities/records/types.js';

/** A provider that is never the bottleneck: it makes contacts as fast as they are asked for. For benchmarks only. */
export const syntheticDescription: ProviderDescription = {
  id: 'synthetic',
  name: 'Synthetic',
  auth: ['none'],
  actions: { import: true, sync: false },
  settings: z.strictObject({ records: z.number().int().min(0), account: z.string() }),
  credentials: z.strictObject({}),
  addressSettings: [],
  objects: [
    {
      object: 'contacts',
      nameAtProvider: 'people',
      changes: 'none',
      deletions: 'none',
      uniqueIds: true,
      defaultMapping: {
        fields: {
          firstName: 'first',
          lastName: 'last',
          email: 'mail',
          phone: 'phone',
          title: 'title',
          'address.city': 'city',
          'address.country': 'country',
          notes: 'notes',
        },
      },
    },
  ],
};

const PAGE = 500;

/** Accounts share no number: a weak key in common lists every record as a duplicate, which is another benchmark. */
function areaOf(account: string): string {
  let sum = 0;
  for (const char of account) sum = (sum * 31 + char.charCodeAt(0)) % 8999;
  return String(1000 + sum);
}

export function syntheticRecord(account: string, at: number): SourceRecord {
  const id = `${account}-${at}`;
  return {
    externalId: id,
    modifiedAt: '2026-01-01T00:00:00.000Z',
    data: {
      first: `First${at}`,
      last: `Last${at}`,
      mail: `person.${id}@bench.example`,
      phone: `+49${areaOf(account)}${String(1_000_000 + at)}`,
      title: 'Buyer',
      city: 'Berlin',
      country: 'DE',
      notes: 'Met at the fair; asked for an offer of the small model.',
    },
  };
}

export const synthetic: Provider = {
  ...syntheticDescription,
  open(connection) {
    const { records, account } = syntheticDescription.settings.parse(connection.settings) as {
      records: number;
      account: string;
    };
    return Promise.resolve({
      identity: () =>
        Promise.resolve({
          account: { id: account, name: account },
          objects: [{ object: 'contacts', granted: true }],
        }),
      async *read(_object, from, signal): AsyncIterable<SourcePage> {
        for (let at = from === undefined ? 0 : Number(from); ; at += PAGE) {
          signal.throwIfAborted();
          const count = Math.min(PAGE, records - at);
          const page = Array.from({ length: Math.max(0, count) }, (_, offset) =>
            syntheticRecord(account, at + offset),
          );
          const next = at + PAGE < records ? { next: String(at + PAGE) } : { complete: true };
          yield { records: page, ...next };
          if (at + PAGE >= records) return;
        }
      },
      get: (_object, ids) =>
        Promise.resolve(ids.map((id) => syntheticRecord(account, Number(id.slice(account.length + 1))))),
      total: () => Promise.resolve(records),
      close: () => Promise.resolve(),
    });
  },
};
