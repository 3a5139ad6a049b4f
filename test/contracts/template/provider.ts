import { z } from 'zod';
import { createHttp } from '../../../activities/providers/http.js';
import {
  ProviderFailure,
  type Cursor,
  type OpenConnection,
  type Provider,
  type Session,
  type Since,
  type SourcePage,
} from '../../../activities/providers/provider.js';
import type { SourceRecord } from '../../../activities/records/types.js';
import { template, templateCredentials, templateSettings } from './describe.js';

/**
 * The smallest provider that keeps every promise of the port, to begin a new one from: copy this folder to
 * `activities/providers/<id>/` and replace what its server says by what yours does.
 */
export const templateProvider: Provider = { ...template, open };

// Unknown properties pass: records are handed on as they were sent. What is relied on is checked, for a 200 can be an error.
const person = z.looseObject({
  id: z.string().min(1),
  updated: z.string(),
  deleted: z.literal(true).optional(),
});
const page = z.object({ items: z.array(person), next: z.string().optional(), mark: z.string().optional() });
const account = z.object({ id: z.string(), name: z.string(), mayRead: z.boolean() });
const counted = z.object({ count: z.number().int() });
type Person = z.infer<typeof person>;

/** A position says by itself to which reading it belongs, and how much that has read, for a limit counts from its beginning. */
const position = z.strictObject({
  v: z.literal(1),
  since: z.string().nullable(),
  after: z.string(),
  read: z.number(),
});
const bookmark = z.strictObject({ v: z.literal(1), mark: z.string() });
type Start = { since: string | null; after: string | null; read: number };

async function open(connection: OpenConnection): Promise<Session> {
  const { url } = templateSettings.parse(connection.settings);
  let secrets: string[] = [];
  const http = createHttp({
    network: connection.network,
    onRequest: (traffic) => connection.onRequest(traffic),
    secrets: () => secrets,
  });

  /** Credentials are read again for each request: a secret that was corrected is used by the next one. */
  async function ask<T>(shape: z.ZodType<T>, path: string, signal: AbortSignal, accept: number[] = []) {
    const { apiKey } = templateCredentials.parse(await connection.credentials());
    secrets = [apiKey];
    const headers = { authorization: `Bearer ${apiKey}`, accept: 'application/json' };
    const at = new URL(path, url);
    const answer = await http.request({ method: 'GET', url: at, headers, signal, expect: 'json', accept });
    if (accept.includes(answer.status)) return undefined;
    const parsed = shape.safeParse(jsonOf(answer.text));
    if (!parsed.success) throw broken(at.host);
    return parsed.data;
  }

  async function* read(_object: string, from: Cursor | Since | undefined, signal: AbortSignal) {
    const { limit = Infinity } = connection;
    const { since, ...start } = startOf(from);
    let { after, read: count } = start;
    for (;;) {
      signal.throwIfAborted();
      const query = new URLSearchParams();
      if (since !== null) query.set('since', since);
      if (after !== null) query.set('after', after);
      // 410: the server has forgotten what changed since then.
      const answer = await ask(page, `/people?${query.toString()}`, signal, [410]);
      if (answer === undefined) throw expired();
      const records = answer.items.slice(0, limit - count).map(toSource);
      const isCut = count + records.length >= limit;
      count += records.length;
      if (isCut || answer.next === undefined) {
        yield isCut ? { records } : lastPage(records, answer.mark, since === null);
        return;
      }
      after = answer.next;
      yield { records, next: JSON.stringify({ v: 1, since, after, read: count }) } satisfies SourcePage;
    }
  }

  return {
    read,
    async identity(signal) {
      const me = await ask(account, '/me', signal);
      if (me === undefined) throw broken(new URL(url).host);
      const why = 'The key lacks people:read. Give it that permission there.';
      const granted = me.mayRead ? { granted: true } : { granted: false, why };
      return { account: { id: me.id, name: me.name }, objects: [{ object: 'contacts', ...granted }] };
    },
    async get(_object, externalIds, signal) {
      const found: SourceRecord[] = [];
      for (const id of externalIds) {
        const one = await ask(person, `/people/${encodeURIComponent(id)}`, signal, [404]);
        if (one !== undefined) found.push(toSource(one));
      }
      return found;
    },
    total: async (_object, signal) => (await ask(counted, '/count', signal))?.count,
    urlOf: (_object, externalId) => new URL(`/people/${encodeURIComponent(externalId)}`, url).href,
    close: () => http.close(),
  };
}

/** A bookmark is given at the true end alone, and `complete` only by a listing of everything. */
function lastPage(records: SourceRecord[], mark: string | undefined, isListing: boolean): SourcePage {
  return {
    records,
    ...(mark === undefined ? {} : { bookmark: JSON.stringify({ v: 1, mark }) }),
    ...(isListing ? { complete: true } : {}),
  };
}

function toSource(one: Person): SourceRecord {
  if (one.deleted === true) return { externalId: one.id, modifiedAt: one.updated, deleted: true, data: null };
  return { externalId: one.id, modifiedAt: one.updated, data: z.json().parse(one) };
}

function startOf(from: Cursor | Since | undefined): Start {
  if (from === undefined) return { since: null, after: null, read: 0 };
  if (typeof from === 'string') {
    const parsed = position.safeParse(jsonOf(from));
    if (!parsed.success) throw expired();
    return parsed.data;
  }
  const parsed = bookmark.safeParse(jsonOf(from.bookmark));
  if (!parsed.success) throw expired();
  return { since: parsed.data.mark, after: null, read: 0 };
}

/** `undefined` where it is no JSON, which no shape takes. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function expired(): ProviderFailure {
  return new ProviderFailure(
    'cursor_expired',
    'The provider no longer knows what changed since the last sync. Nothing was deleted. A full listing is needed.',
  );
}

function broken(host: string): ProviderFailure {
  return new ProviderFailure(
    'provider_contract_broken',
    `${host} answered in a shape that this provider does not know. What was read so far is kept. Check the address in the settings.`,
  );
}
