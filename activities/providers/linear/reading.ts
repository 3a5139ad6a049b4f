import { z } from 'zod';
import { isJsonObject, type JsonObject } from '../../records/paths.js';
import type { SourceRecord } from '../../records/types.js';
import { ProviderFailure } from '../provider.js';
import type { Cursor, Since, SourcePage } from '../provider.js';
import { nodesOf, TooMuch, type LinearClient, type LinearNode, type NodePage } from './client.js';
import { KINDS, listQuery, narrows, type LinearObject } from './queries.js';

/** The first page is judged before the second is written, so it is small; the most that Linear gives at once is 250. */
const FIRST_PAGE = 50;
const MOST = 250;
/** Clocks of a provider's machines differ, and a change may be listed a little after it was made. */
const OVERLAP_MS = 5 * 60_000;

const cursor = z.strictObject({
  v: z.literal(1),
  since: z.string().nullable(),
  /** When reading began, by the provider's clock, less the overlap. */
  began: z.string(),
  after: z.string(),
  read: z.number().int().nonnegative(),
  size: z.number().int().positive(),
});
const bookmark = z.strictObject({ v: z.literal(1), since: z.iso.datetime() });

interface Position {
  since: string | null;
  began: string | null;
  after: string | null;
  read: number;
  size: number;
}

export interface Reading {
  client: LinearClient;
  url: URL;
  object: LinearObject;
  from: Cursor | Since | undefined;
  limit: number;
  teamId: string | null;
  signal: AbortSignal;
}

/** Everything, or what changed since a bookmark where the server can tell; where it cannot, everything, which is `complete`. */
export async function* readObject(reading: Reading): AsyncGenerator<SourcePage> {
  const { client, object, limit, signal } = reading;
  const at = startOf(reading.from);
  for (;;) {
    signal.throwIfAborted();
    const page = await nextPage(reading, at);
    at.began ??= page.began;
    const isChanges = at.since !== null && narrows(object, 'since', client.without);
    const records = page.nodes.flatMap((node) => toSource(node, isChanges));
    const rest = limit - at.read;
    at.read += Math.min(records.length, rest);
    if (records.length > rest || (records.length === rest && limit !== Infinity)) {
      yield { records: records.slice(0, rest) };
      return;
    }
    if (page.after === null) {
      const since = JSON.stringify({ v: 1, since: at.began } satisfies z.infer<typeof bookmark>);
      yield { records, bookmark: since, ...(isChanges ? {} : { complete: true }) };
      return;
    }
    at.after = page.after;
    at.size = page.asked < at.size ? page.asked : MOST;
    yield { records, next: cursorOf({ ...at, after: page.after, began: at.began }) };
  }
}

type ReadPage = NodePage & { began: string; asked: number };

async function nextPage(reading: Reading, at: Position): Promise<ReadPage> {
  const { client, url, object, teamId, signal } = reading;
  for (let first = at.size; ; first = Math.floor(first / 2)) {
    try {
      const { since, after } = at;
      const { data, at: clock } = await client.ask(
        (without) => listQuery(object, { first, after, since, teamId }, without),
        signal,
      );
      const began = new Date((clock ?? new Date()).getTime() - OVERLAP_MS).toISOString();
      const { nodes, after: next } = nodesOf(data, KINDS[object].list, url);
      const ofTeam = nodes.filter((node) => isOfTeam(node, teamId));
      return { nodes: ofTeam, after: next, began, asked: first };
    } catch (error) {
      if (!(error instanceof TooMuch)) throw error;
      if (first <= 1) throw tooLarge(url, KINDS[object].type);
    }
  }
}

/** Where the server cannot narrow the list. A record that says nothing of teams was narrowed, or the server knows none. */
export function isOfTeam(node: JsonObject, teamId: string | null): boolean {
  if (teamId === null) return true;
  const { team, teams } = node;
  const many = isJsonObject(teams) && Array.isArray(teams['nodes']) ? teams['nodes'] : [];
  const named = [team ?? null, ...many].filter(isJsonObject);
  return named.length === 0 || named.some(({ id }) => id === teamId);
}

/** What is in the trash is gone: told as such among changes, and not listed otherwise. */
export function toSource(node: LinearNode, tellsDeleted: boolean): SourceRecord[] {
  const { id: externalId, updatedAt, trashed } = node;
  const modifiedAt = typeof updatedAt === 'string' ? { modifiedAt: updatedAt } : {};
  if (trashed !== true) return [{ externalId, ...modifiedAt, data: node }];
  return tellsDeleted ? [{ externalId, ...modifiedAt, deleted: true, data: null }] : [];
}

function startOf(from: Cursor | Since | undefined): Position {
  const fresh: Position = { since: null, began: null, after: null, read: 0, size: FIRST_PAGE };
  if (from === undefined) return fresh;
  const isCursor = typeof from === 'string';
  const shape = isCursor ? cursor : bookmark;
  const parsed = shape.safeParse(jsonOf(isCursor ? from : from.bookmark));
  if (!parsed.success) {
    throw new ProviderFailure(
      'cursor_expired',
      'The place where reading stopped cannot be read any more. Nothing was deleted. A full listing is needed.',
    );
  }
  return { ...fresh, ...parsed.data };
}

function cursorOf({ since, began, after, read, size }: Position & { began: string; after: string }): Cursor {
  return JSON.stringify({ v: 1, since, began, after, read, size } satisfies z.infer<typeof cursor>);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function tooLarge(url: URL, type: string): ProviderFailure {
  return new ProviderFailure(
    'provider_contract_broken',
    `A single ${type} of ${url.host} is larger than this deployment reads. What was read so far is kept. Make it smaller there, or raise the limit of answers.`,
  );
}
