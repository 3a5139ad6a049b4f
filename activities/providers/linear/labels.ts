import { isJsonObject } from '../formats/json-text.js';
import type { LinearClient, LinearNode } from './client.js';
import { LABELS } from './queries.js';

/**
 * A page of issues asks for some labels of each; of an issue that has more, all are got. What says whether there are more is part of
 * the paging, not of the record, and is taken out.
 */
export async function withAllLabels(
  { client, signal }: { client: LinearClient; signal: AbortSignal },
  nodes: readonly LinearNode[],
): Promise<LinearNode[]> {
  const whole: LinearNode[] = [];
  for (const node of nodes) {
    const { labels } = node;
    if (!isJsonObject(labels) || labels['pageInfo'] === undefined) {
      whole.push(node);
      continue;
    }
    const { pageInfo, ...some } = labels;
    const hasMore = isJsonObject(pageInfo) && pageInfo['hasNextPage'] === true;
    const found = hasMore ? ((await allOf(client, node.id, signal)) ?? some) : some;
    whole.push({ ...node, labels: found });
  }
  return whole;
}

async function allOf(client: LinearClient, id: string, signal: AbortSignal) {
  const { data } = await client.ask(() => ({ query: LABELS, variables: { id } }), signal);
  const labels = isJsonObject(data['issue']) ? data['issue']['labels'] : undefined;
  if (!isJsonObject(labels) || !Array.isArray(labels['nodes'])) return undefined;
  return { nodes: labels['nodes'] };
}
