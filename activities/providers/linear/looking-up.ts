import type { SourceRecord } from '../../records/types.js';
import { hasId, nodesOf, TooMuch, type LinearClient, type LinearNode } from './client.js';
import { withAllLabels } from './labels.js';
import { KINDS, listQuery, narrows, onesQuery, type LinearObject } from './queries.js';
import { isOfTeam, tooLarge, toSource } from './reading.js';

export interface LookingUp {
  client: LinearClient;
  url: URL;
  object: LinearObject;
  teamId: string | null;
  signal: AbortSignal;
}

/** Those of some records that are there, archived ones too; what is in the trash is not. */
export async function findByIds(args: LookingUp, ids: readonly string[]): Promise<SourceRecord[]> {
  if (ids.length === 0) return [];
  try {
    const nodes = await withAllLabels(args, await ask(args, ids));
    return nodes.map(toSource).filter(({ deleted }) => deleted !== true);
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error;
    const [only] = ids;
    if (ids.length === 1 && only !== undefined) return [tooLarge({ id: only }, args.object)];
    const middle = Math.ceil(ids.length / 2);
    return [...(await findByIds(args, ids.slice(0, middle))), ...(await findByIds(args, ids.slice(middle)))];
  }
}

async function ask(
  { client, url, object, teamId, signal }: LookingUp,
  ids: readonly string[],
): Promise<LinearNode[]> {
  const asked = { first: ids.length, after: null, since: null, teamId, ids };
  const { data } = await client.ask(
    (without) =>
      narrows(object, 'ids', without) ? listQuery(object, asked, without) : onesQuery(object, ids, without),
    signal,
  );
  const isList = data[KINDS[object].list] !== undefined;
  const nodes = isList ? nodesOf(data, KINDS[object].list, url).nodes : Object.values(data).filter(hasId);
  const isNarrowed = isList && narrows(object, 'team', client.without);
  // A server that took the filter for something else would hand out records that nobody asked for.
  const wanted = new Set(ids);
  return nodes.filter((node) => wanted.has(node.id) && (isNarrowed || isOfTeam(node, teamId)));
}
