import { nodesOf, type LinearClient } from './client.js';
import { KINDS, listQuery, narrows, type LinearObject } from './queries.js';
import { isOfTeam } from './reading.js';

/** Linear counts nothing for us, so ids are listed. A larger account is not worth the wait, nor the requests. */
const MOST_PAGES = 20;
const PAGE = 250;
const PATIENCE_MS = 8_000;

interface Counting {
  client: LinearClient;
  url: URL;
  object: LinearObject;
  teamId: string | null;
  signal: AbortSignal;
}

/** How many records a listing brings; `undefined` where that takes too long to find out. */
export async function countObject(args: Counting): Promise<number | undefined> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  try {
    return await count({ ...args, signal: AbortSignal.any([args.signal, patience]) });
  } catch (error) {
    args.signal.throwIfAborted();
    if (patience.aborted) return undefined;
    throw error;
  }
}

async function count({ client, url, object, teamId, signal }: Counting): Promise<number | undefined> {
  const asked = { first: PAGE, since: null, teamId };
  let after: string | null = null;
  let found = 0;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const at: string | null = after;
    const { data } = await client.ask(
      (without) => listQuery(object, { ...asked, after: at, only: 'what tells it' }, without),
      signal,
    );
    const { nodes, after: next } = nodesOf(data, KINDS[object].list, url);
    const ofTeam = narrows(object, 'team', client.without) ? null : teamId;
    found += nodes.filter((node) => node['trashed'] !== true && isOfTeam(node, ofTeam)).length;
    if (next === null) return found;
    if (next === at) return undefined;
    after = next;
  }
  return undefined;
}
