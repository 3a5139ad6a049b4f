import { z } from 'zod';
import type {
  Cursor,
  Provider,
  ProviderDescription,
  Since,
  SourcePage,
} from '../../activities/providers/provider.js';
import type { SourceRecord } from '../../activities/records/types.js';

const settings = z.strictObject({
  records: z.number().int().min(0),
  account: z.string(),
  changed: z.number().int().min(0).default(0),
  feed: z.boolean().default(false),
});

/**
 * A provider that is never the bottleneck: it makes contacts as fast as they are asked for, and says `changed` of them otherwise than at
 * first. A sync lists everything again, or with `feed` only these. For benchmarks only.
 */
export const syntheticDescription: ProviderDescription = {
  id: 'synthetic',
  name: 'Synthetic',
  auth: ['none'],
  actions: { import: true, sync: true },
  settings,
  credentials: z.strictObject({}),
  addressSettings: [],
  objects: [
    {
      object: 'contacts',
      nameAtProvider: 'people',
      changes: 'listing',
      deletions: 'listing',
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

export function syntheticRecord(account: string, at: number, changed = false): SourceRecord {
  const id = `${account}-${at}`;
  return {
    externalId: id,
    modifiedAt: changed ? '2026-02-01T00:00:00.000Z' : '2026-01-01T00:00:00.000Z',
    data: {
      first: `First${at}`,
      last: `Last${at}`,
      mail: `person.${id}@bench.example`,
      phone: `+49${areaOf(account)}${String(1_000_000 + at)}`,
      title: changed ? 'Head of purchasing' : 'Buyer',
      city: 'Berlin',
      country: 'DE',
      notes: 'Met at the fair; asked for an offer of the small model.',
    },
  };
}

export const synthetic: Provider = {
  ...syntheticDescription,
  open(connection) {
    const { records, account, changed, feed } = settings.parse(connection.settings);
    const count = (from: Cursor | Since | undefined): number => (feed && isFeed(from) ? changed : records);
    return Promise.resolve({
      identity: () =>
        Promise.resolve({
          account: { id: account, name: account },
          objects: [{ object: 'contacts', granted: true }],
        }),
      async *read(_object, from, signal): AsyncIterable<SourcePage> {
        const last = count(from);
        for (let at = positionOf(from); ; at += PAGE) {
          signal.throwIfAborted();
          connection.onRequest({ bytes: 0, milliseconds: 0, status: 200 });
          const page = Array.from({ length: Math.max(0, Math.min(PAGE, last - at)) }, (_, offset) =>
            syntheticRecord(account, at + offset, at + offset < changed),
          );
          const isLast = at + PAGE >= last;
          yield { records: page, ...(isLast ? endOf(from) : { next: cursorOf(from, at + PAGE) }) };
          if (isLast) return;
        }
      },
      get: (_object, ids) => Promise.resolve(ids.map((id) => recordOf(account, id, changed))),
      total: () => Promise.resolve(records),
      close: () => Promise.resolve(),
    });
  },
};

function recordOf(account: string, id: string, changed: number): SourceRecord {
  const at = Number(id.slice(account.length + 1));
  return syntheticRecord(account, at, at < changed);
}

const FEED = 'feed:';

function isFeed(from: Cursor | Since | undefined): boolean {
  return typeof from === 'object' || from?.startsWith(FEED) === true;
}

function positionOf(from: Cursor | Since | undefined): number {
  return typeof from === 'string' ? Number(from.replace(FEED, '')) : 0;
}

function cursorOf(from: Cursor | Since | undefined, at: number): Cursor {
  return `${isFeed(from) ? FEED : ''}${at}`;
}

function endOf(from: Cursor | Since | undefined): Pick<SourcePage, 'bookmark' | 'complete'> {
  return isFeed(from) ? { bookmark: 'read' } : { bookmark: 'read', complete: true };
}
