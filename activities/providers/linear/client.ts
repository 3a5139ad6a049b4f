import { z } from 'zod';
import type { Json } from '../../records/types.js';
import { isJsonObject } from '../formats/json-text.js';
import type { JsonObject } from '../../records/paths.js';
import { createHttp } from '../http.js';
import { AnswerTooLarge } from '../http-failures.js';
import { askGraphql, GraphqlRefused, GraphqlUnauthorized, type GraphqlAnswer } from '../http-graphql.js';
import { ProviderFailure } from '../provider.js';
import type { OpenConnection } from '../provider.js';
import { linearCredentials } from './describe.js';
import { unknownParts } from './parts.js';
import type { Query, Without } from './queries.js';

const access = z.object({ accessToken: z.string().min(1) });

/** Ask for fewer records: their bytes are more than is allowed, or the query costs more. */
export class TooMuch extends Error {
  readonly why: 'bytes' | 'cost';
  constructor(why: 'bytes' | 'cost') {
    super('Too much was asked for at once.');
    this.why = why;
  }
}

export interface LinearClient {
  /**
   * Asks, leaving out what the server turns out not to know; `ask` makes the query anew then.
   * @throws TooMuch, ProviderFailure
   */
  ask(make: (without: Without) => Query, signal: AbortSignal): Promise<GraphqlAnswer>;
  /** What the server does not know, as far as it said so in this session. */
  without: Without;
  close(): Promise<void>;
}

export function createLinearClient(connection: OpenConnection, url: URL): LinearClient {
  let secrets: string[] = [];
  const without = new Set<string>();
  const http = createHttp({
    network: connection.network,
    onRequest: (traffic) => connection.onRequest(traffic),
    secrets: () => secrets,
  });

  async function authorized(rejected?: string): Promise<{ authorization: string; accessToken?: string }> {
    const given = await (rejected === undefined
      ? connection.credentials()
      : connection.credentials({ accessToken: rejected }));
    const oauth = access.safeParse(given);
    if (oauth.success) {
      const { accessToken } = oauth.data;
      secrets = [accessToken];
      return { authorization: `Bearer ${accessToken}`, accessToken };
    }
    const entered = linearCredentials.safeParse(given);
    if (!entered.success || !('apiKey' in entered.data)) {
      throw new ProviderFailure(
        'credentials_rejected',
        'The API key is missing. Nothing was read. Enter it.',
      );
    }
    // Personal keys go without a scheme (https://linear.app/developers/graphql, "Personal API keys").
    const { apiKey } = entered.data;
    secrets = [apiKey];
    return { authorization: apiKey };
  }

  async function send({ query, variables }: Query, signal: AbortSignal): Promise<GraphqlAnswer> {
    const first = await authorized();
    const asking = (authorization: string): Promise<GraphqlAnswer> =>
      askGraphql(http, { url, headers: { authorization }, query, variables, signal });
    try {
      return await asking(first.authorization);
    } catch (error) {
      if (!(error instanceof GraphqlUnauthorized)) throw error;
      if (first.accessToken === undefined) throw rejected(url);
      const second = await authorized(first.accessToken);
      return await asking(second.authorization);
    }
  }

  return {
    without,
    async ask(make, signal) {
      for (;;) {
        try {
          return await send(make(without), signal);
        } catch (error) {
          if (error instanceof GraphqlUnauthorized) throw rejected(url);
          if (error instanceof AnswerTooLarge) throw new TooMuch('bytes');
          if (!(error instanceof GraphqlRefused)) throw error;
          const unknown = unknownParts(error.errors).filter((part) => !without.has(part));
          if (unknown.length === 0) throw judged(error, url);
          for (const part of unknown) without.add(part);
        }
      }
    },
    close: () => http.close(),
  };
}

function rejected(url: URL): ProviderFailure {
  return new ProviderFailure(
    'credentials_rejected',
    `${url.host} does not accept the credentials. What was read so far is kept. Enter the API key again, or log in again.`,
  );
}

/** Errors that no smaller question answers. The server's own words stay out: they may quote what was asked. */
function judged({ errors }: GraphqlRefused, url: URL): Error {
  const said = errors.map(({ code, message }) => `${code} ${message}`).join(' ');
  if (/complex|too many nodes|query cost/i.test(said)) return new TooMuch('cost');
  if (/FORBIDDEN|\bscope\b|permission|not authorized/i.test(said)) {
    return new ProviderFailure(
      'permission_missing',
      `${url.host} knows the credentials but does not allow this. Give them the scope "read" there, or use others.`,
    );
  }
  if (/INTERNAL|UNAVAILABLE|TIMEOUT|LOCK_/i.test(errors.map(({ code }) => code).join(' '))) {
    return new ProviderFailure(
      'provider_unavailable',
      `${url.host} has trouble of its own. It is tried again.`,
    );
  }
  return new ProviderFailure(
    'provider_contract_broken',
    `${url.host} did not understand what it was asked. What was read so far is kept. Check the address in the settings.`,
  );
}

const pageInfo = z.looseObject({ hasNextPage: z.boolean(), endCursor: z.string().nullish() });

export type LinearNode = JsonObject & { id: string };

export interface NodePage {
  nodes: LinearNode[];
  /** Null: this is the last page. */
  after: string | null;
}

/** One page of a connection. Each node has an id. */
export function nodesOf(data: JsonObject, list: string, url: URL): NodePage {
  const found: Json | undefined = data[list];
  const info = isJsonObject(found) ? pageInfo.safeParse(found['pageInfo']) : null;
  const nodes = isJsonObject(found) && Array.isArray(found['nodes']) ? found['nodes'] : null;
  if (!nodes?.every(hasId) || info?.success !== true) throw broken(url);
  const { hasNextPage, endCursor } = info.data;
  // A next page without a place to begin it at would be read for ever.
  if (hasNextPage && (endCursor ?? '') === '') throw broken(url);
  return { nodes, after: hasNextPage ? (endCursor ?? null) : null };
}

export function hasId(value: Json | undefined): value is LinearNode {
  return isJsonObject(value) && typeof value['id'] === 'string' && value['id'] !== '';
}

export function broken(url: URL): ProviderFailure {
  return new ProviderFailure(
    'provider_contract_broken',
    `${url.host} answered in a shape that this provider does not know. What was read so far is kept. Check the address in the settings.`,
  );
}
