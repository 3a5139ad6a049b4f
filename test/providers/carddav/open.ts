import { carddavProvider } from '../../../activities/providers/carddav/provider.js';
import type { OpenConnection, Session, Since, SourcePage } from '../../../activities/providers/provider.js';
import type { ObjectName } from '../../../workflows/contract/objects.js';

export interface OpenArgs {
  settings: Record<string, unknown>;
  username?: string;
  password?: string;
  network?: Partial<OpenConnection['network']>;
  limit?: number;
}

export function openSession(args: OpenArgs): Promise<Session> {
  return carddavProvider.open({
    workspaceId: 'w1',
    appId: 'a1',
    settings: args.settings,
    credentials: async () => ({ username: args.username ?? 'ann', password: args.password ?? 'pässword' }),
    mapping: { objects: {}, owners: {}, statuses: {} },
    network: { allowPrivate: true, requestTimeoutMs: 30_000, maxResponseBytes: 4_000_000, ...args.network },
    onRequest: () => undefined,
    ...(args.limit === undefined ? {} : { limit: args.limit }),
  });
}

export const signal = new AbortController().signal;

/** Every page; with `restart`, each is read by a new session that knows only the cursor. */
export async function readAll(
  open: () => Promise<Session>,
  object: ObjectName,
  restart = false,
  from?: Since,
): Promise<SourcePage[]> {
  const pages: SourcePage[] = [];
  let cursor: string | undefined;
  for (;;) {
    const session = await open();
    for await (const page of session.read(object, cursor ?? from, signal)) {
      pages.push(page);
      cursor = page.next;
      if (restart || cursor === undefined) break;
    }
    await session.close();
    if (cursor === undefined) return pages;
  }
}

export function idsOf(pages: readonly SourcePage[]): string[] {
  return pages.flatMap((page) => page.records.map((record) => record.externalId));
}

/** The bookmark that a reading ended with. */
export function bookmarkOf(pages: readonly SourcePage[]): Since {
  const bookmark = pages.at(-1)?.bookmark;
  if (bookmark === undefined) throw new Error('The reading ended without a bookmark.');
  return { bookmark };
}

/** What a reading brought: ids of cards, then `-id` of deleted ones. */
export function news(pages: readonly SourcePage[]): string[] {
  return pages
    .flatMap((page) => page.records)
    .map(({ externalId, deleted }) => (deleted === true ? `-${externalId}` : externalId))
    .sort();
}
