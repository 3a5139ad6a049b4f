import { z } from 'zod';
import { isJsonObject } from '../formats/json-text.js';
import type { SourceRecord } from '../../records/types.js';
import { ProviderFailure } from '../provider.js';
import type { Identity, OpenConnection, Provider, Session, SourcePerson } from '../provider.js';
import type { ObjectName } from '../../../workflows/contract/objects.js';
import { broken, createLinearClient, nodesOf, type LinearClient, type LinearNode } from './client.js';
import { endpointOf, linear, linearSettings } from './describe.js';
import { ACCOUNT, PEOPLE, probeQuery, TEAMS } from './queries.js';
import type { LinearObject, Query } from './queries.js';
import { readObject } from './reading.js';
import { findByIds } from './looking-up.js';
import { countObject } from './counting.js';

const IDS_AT_ONCE = 50;
/** Addresses of records that were looked up; all are forgotten at once where a session looks up more. */
const MOST_ADDRESSES = 10_000;

/** Linear: projects and issues over its GraphQL API. It only ever reads. */
export const linearProvider: Provider = { ...linear, open };

const account = z.looseObject({
  viewer: z.looseObject({ id: z.string().min(1) }),
  organization: z.looseObject({ id: z.string().min(1), name: z.string() }),
});

async function open(connection: OpenConnection): Promise<Session> {
  const settings = linearSettings.parse(connection.settings);
  const url = endpointOf(settings);
  const client = createLinearClient(connection, url);
  const urls = new Map<string, string>();
  let team: string | null | undefined;

  async function teamId(signal: AbortSignal): Promise<string | null> {
    return (team ??= settings.team === undefined ? null : await findTeam(client, url, settings.team, signal));
  }

  function seen(records: SourceRecord[]): SourceRecord[] {
    if (urls.size > MOST_ADDRESSES) urls.clear();
    for (const { externalId, data } of records) {
      const at = isJsonObject(data) ? data['url'] : undefined;
      if (typeof at === 'string' && /^https?:\/\//.test(at)) urls.set(externalId, at);
    }
    return records;
  }

  return {
    async identity(signal) {
      const who = await whoIs(client, url, signal);
      await teamId(signal);
      const objects: Identity['objects'] = [];
      for (const { object } of linear.objects) objects.push(await mayRead(client, known(object), signal));
      return { account: who, objects };
    },
    async *read(object, from, signal) {
      const limit = connection.limit ?? Infinity;
      const args = { client, url, object: known(object), from, limit, signal };
      yield* readObject({ ...args, teamId: await teamId(signal) });
    },
    async get(object, externalIds, signal) {
      const found: SourceRecord[] = [];
      const unique = [...new Set(externalIds)];
      for (let at = 0; at < unique.length; at += IDS_AT_ONCE) {
        const ids = unique.slice(at, at + IDS_AT_ONCE);
        const args = { client, url, object: known(object), teamId: await teamId(signal), signal };
        found.push(...(await findByIds(args, ids)));
      }
      return seen(found);
    },
    total: async (object, signal) =>
      countObject({ client, url, object: known(object), teamId: await teamId(signal), signal }),
    async people(signal) {
      const nodes = await readAll(client, url, { query: PEOPLE, list: 'users' }, signal);
      return nodes.map(toPerson);
    },
    urlOf: (_object, externalId) => urls.get(externalId),
    close: () => client.close(),
  };
}

function known(object: ObjectName): LinearObject {
  if (object === 'projects' || object === 'tasks') return object;
  throw new ProviderFailure('provider_contract_broken', `Linear has no ${object}. Take it out of the scope.`);
}

/** A key that may not even say whose it is opens nothing: to whoever entered it, it is the wrong one. */
async function whoIs(client: LinearClient, url: URL, signal: AbortSignal): Promise<Identity['account']> {
  const asked = (): Query => ({ query: ACCOUNT, variables: {} });
  const { data } = await client.ask(asked, signal).catch((error: unknown) => {
    if (!(error instanceof ProviderFailure) || error.code !== 'permission_missing') throw error;
    throw new ProviderFailure(
      'credentials_rejected',
      `${url.host} lets these credentials read nothing. Enter an API key that may read, or log in again with the scope "read".`,
    );
  });
  const parsed = account.safeParse(data);
  if (!parsed.success) throw broken(url);
  const { id, name } = parsed.data.organization;
  return { id, name };
}

async function mayRead(
  client: LinearClient,
  object: LinearObject,
  signal: AbortSignal,
): Promise<Identity['objects'][number]> {
  try {
    await client.ask(() => ({ query: probeQuery(object), variables: {} }), signal);
    return { object, granted: true };
  } catch (error) {
    if (!(error instanceof ProviderFailure) || error.code !== 'permission_missing') throw error;
    return { object, granted: false, why: error.message };
  }
}

async function findTeam(
  client: LinearClient,
  url: URL,
  wanted: string,
  signal: AbortSignal,
): Promise<string> {
  const teams = await readAll(client, url, { query: TEAMS, list: 'teams' }, signal);
  const folded = wanted.toLowerCase();
  const found =
    teams.find(({ id }) => id === wanted) ??
    teams.find(({ key }) => typeof key === 'string' && key.toLowerCase() === folded) ??
    teams.find(({ name }) => typeof name === 'string' && name.toLowerCase() === folded);
  if (found) return found.id;
  throw new ProviderFailure(
    'provider_object_gone',
    `${url.host} has no team "${wanted}" that these credentials may see. Nothing was read. Correct the team in the settings.`,
  );
}

/** Short lists: people, teams. */
async function readAll(
  client: LinearClient,
  url: URL,
  { query, list }: { query: string; list: string },
  signal: AbortSignal,
): Promise<LinearNode[]> {
  const found: LinearNode[] = [];
  const met = new Set<string>();
  for (let after: string | null = null; ;) {
    const variables: Query['variables'] = { after };
    const { data } = await client.ask(() => ({ query, variables }), signal);
    const page = nodesOf(data, list, url);
    found.push(...page.nodes);
    if (page.after === null) return found;
    if (met.has(page.after)) throw broken(url);
    met.add(page.after);
    after = page.after;
  }
}

function toPerson({ id, name, email }: LinearNode): SourcePerson {
  return {
    id,
    name: typeof name === 'string' ? name : id,
    ...(typeof email === 'string' && { email }),
  };
}
