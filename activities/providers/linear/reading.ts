import { isJsonObject } from '../formats/json-text.js';
import type { JsonObject } from '../../records/paths.js';
import type { SourceRecord } from '../../records/types.js';
import { ProviderFailure } from '../provider.js';
import type { Cursor, Since, SourcePage } from '../provider.js';
import { nodesOf, TooMuch, type LinearClient, type LinearNode, type NodePage } from './client.js';
import { withAllLabels } from './labels.js';
import { beginning, isNews, placeOf, toBookmark, toCursor, type Place } from './places.js';
import { KINDS, listQuery, narrows, type LinearObject } from './queries.js';

/** The first page is judged before the second is written, so it is small; the most that Linear gives at once is 250. */
const FIRST_PAGE = 50;
const MOST = 250;
/** So many single records in a row that fill a whole answer are no long texts, but a server that never ends. */
const ENDLESS = 10;

export interface Reading {
  client: LinearClient;
  url: URL;
  object: LinearObject;
  from: Cursor | Since | undefined;
  limit: number;
  teamId: string | null;
  signal: AbortSignal;
}

/** How many records are asked for at once. */
interface Pace {
  size: number;
  /** What the server allows a query to cost. */
  ceiling: number;
  /** Single records in a row that were too large. */
  giants: number;
}

/** Everything, or what changed since a bookmark where the server can tell; where it cannot, everything, which is `complete`. */
export async function* readObject(reading: Reading): AsyncGenerator<SourcePage> {
  const { client, object, limit, signal } = reading;
  const place = placeOf(reading.from, reading.teamId);
  const pace: Pace = { size: FIRST_PAGE, ceiling: MOST, giants: 0 };
  const met = new Set([place.after]);
  for (;;) {
    signal.throwIfAborted();
    const page = await nextPage(reading, place, pace);
    const began = (place.began ??= page.began);
    const isChanges = place.since !== null && narrows(object, 'since', client.without);
    const records = page.records.filter(({ externalId, modifiedAt, deleted }) => {
      const isNew = isNews(place, externalId, modifiedAt) || !isChanges;
      // What is in the trash is gone: told as such among changes, and not listed otherwise.
      return isNew && (isChanges || deleted !== true);
    });
    const rest = limit - place.read;
    place.read += Math.min(records.length, rest);
    if (records.length >= rest) {
      yield { records: records.slice(0, rest) };
      return;
    }
    if (page.after === null) {
      yield { records, bookmark: toBookmark(place, began), ...(isChanges ? {} : { complete: true }) };
      return;
    }
    if (met.has(page.after)) throw looping(reading.url);
    met.add(page.after);
    place.after = page.after;
    yield { records, next: toCursor(place, began, page.after, limit !== Infinity) };
  }
}

interface ReadPage {
  records: SourceRecord[];
  after: string | null;
  began: string;
}

async function nextPage(reading: Reading, place: Place, pace: Pace): Promise<ReadPage> {
  for (;;) {
    const first = pace.size;
    try {
      const { nodes, ...page } = await ask(reading, place, first);
      pace.giants = 0;
      pace.size = first < FIRST_PAGE ? Math.min(first * 2, pace.ceiling) : pace.ceiling;
      return { ...page, records: (await withAllLabels(reading, nodes)).map(toSource) };
    } catch (error) {
      if (!(error instanceof TooMuch)) throw error;
      if (first <= 1 && error.why === 'cost') throw tooCostly(reading.url);
      pace.size = Math.max(1, Math.floor(first / 2));
      if (error.why === 'cost') pace.ceiling = pace.size;
      else if (first <= 1) return giant(reading, place, pace);
    }
  }
}

/** One record that is larger than a whole answer may be: it fails by itself, and reading goes on behind it. */
async function giant(reading: Reading, place: Place, pace: Pace): Promise<ReadPage> {
  const { url, object } = reading;
  pace.giants += 1;
  if (pace.giants >= ENDLESS) throw endless(url);
  const { nodes, ...page } = await ask(reading, place, 1, 'what tells it');
  return { ...page, records: nodes.map((node) => tooLarge(node, object)) };
}

async function ask(
  reading: Reading,
  { after, since }: Place,
  first: number,
  only?: 'what tells it',
): Promise<NodePage & { began: string }> {
  const { client, url, object, teamId, signal } = reading;
  const asked = { first, after, since, teamId, ...(only === undefined ? {} : { only }) };
  const { data, at } = await client.ask((without) => listQuery(object, asked, without), signal);
  const page = nodesOf(data, KINDS[object].list, url);
  const isNarrowed = narrows(object, 'team', client.without);
  const nodes = isNarrowed ? page.nodes : page.nodes.filter((node) => isOfTeam(node, teamId));
  return { nodes, after: page.after, began: beginning(at) };
}

/** For lists that the server does not narrow. A record that says nothing of teams may be of any. */
export function isOfTeam(node: JsonObject, teamId: string | null): boolean {
  if (teamId === null) return true;
  const { team, teams } = node;
  const many = isJsonObject(teams) && Array.isArray(teams['nodes']) ? teams['nodes'] : [];
  const named = [team ?? null, ...many].filter(isJsonObject);
  return named.length === 0 || named.some(({ id }) => id === teamId);
}

export function toSource(node: LinearNode): SourceRecord {
  const { id: externalId, updatedAt, trashed } = node;
  const modifiedAt = typeof updatedAt === 'string' ? { modifiedAt: updatedAt } : {};
  if (trashed === true) return { externalId, ...modifiedAt, deleted: true, data: null };
  return { externalId, ...modifiedAt, data: node };
}

export function tooLarge({ id, updatedAt }: LinearNode, object: LinearObject): SourceRecord {
  const message = `This ${KINDS[object].type.toLowerCase()} is larger than one answer may be here. It was not read; the others were. Shorten it at Linear, or raise the limit of answers in this deployment.`;
  return {
    ...{ externalId: id, data: { id }, trouble: { code: 'too_large', message } },
    ...(typeof updatedAt === 'string' && { modifiedAt: updatedAt }),
  };
}

function looping(url: URL): ProviderFailure {
  return new ProviderFailure(
    'provider_cursor_loop',
    `${url.host} answered a page that it had answered before: going on would never end. What was read so far is kept.`,
  );
}

function tooCostly(url: URL): ProviderFailure {
  return new ProviderFailure(
    'provider_contract_broken',
    `${url.host} says that a query for a single record costs too much. What was read so far is kept. Check the address in the settings.`,
  );
}

function endless(url: URL): ProviderFailure {
  return new ProviderFailure(
    'provider_contract_broken',
    `${url.host} sends single records that are larger than an answer may be, one after the other. What was read so far is kept. Check the address in the settings, or raise the limit of answers.`,
  );
}
