import type { IncomingMessage, ServerResponse } from 'node:http';
import { bodyOf, serve, type LocalServer } from '../local-server.js';

export type Node = Record<string, unknown> & { id: string };

export interface Asked {
  query: string;
  variables: Record<string, unknown>;
  authorization: string;
}

/** What is answered in place of the fake's own answer. */
export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  /** A text is sent as it is; anything else as JSON. */
  body: unknown;
}

export interface FakeLinear extends LocalServer {
  lists: { projects: Node[]; issues: Node[]; teams: Node[]; users: Node[] };
  asked: Asked[];
  /** Asked before the fake answers by itself. */
  on: ((asked: Asked) => Reply | undefined) | null;
  /** Its clock, as the `Date` header tells it. */
  clock: Date;
}

/** As much of the real API as the provider uses: key cursors, filters by id and time, what is archived on demand. Records as a test wants them. */
export async function fakeLinear(): Promise<FakeLinear> {
  const fake = {
    lists: { projects: [], issues: [], teams: [], users: [] },
    asked: [],
    on: null,
    clock: new Date(),
  } as unknown as FakeLinear;
  const server = await serve((request, response) => void answer(fake, request, response));
  return Object.assign(fake, server);
}

async function answer(fake: FakeLinear, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { query, variables } = JSON.parse(await bodyOf(request)) as Omit<Asked, 'authorization'>;
  const asked = { query, variables, authorization: request.headers.authorization ?? '' };
  fake.asked.push(asked);
  const { status = 200, headers = {}, body } = fake.on?.(asked) ?? { body: { data: dataOf(fake, asked) } };
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const type = { 'content-type': 'application/json', date: fake.clock.toUTCString() };
  response.writeHead(status, { ...type, ...headers }).end(text);
}

function dataOf(fake: FakeLinear, asked: Asked): Record<string, unknown> {
  if (asked.query.includes('viewer')) {
    return {
      viewer: { id: 'u1', name: 'Ann' },
      organization: { id: 'org-1', name: 'Ann Ltd', urlKey: 'ann' },
    };
  }
  const name = listOf(asked);
  const all = fake.lists[name].filter((node) => matches(node, asked));
  const { first = Number(/first: (\d+)/.exec(asked.query)?.[1] ?? 50), after } = asked.variables;
  const from = typeof after === 'string' ? all.findIndex(({ id }) => id === after) + 1 : 0;
  const nodes = all.slice(from, from + Number(first));
  const hasNextPage = from + nodes.length < all.length;
  return { [name]: { nodes, pageInfo: { hasNextPage, endCursor: nodes.at(-1)?.id ?? null } } };
}

export function listOf({ query }: Pick<Asked, 'query'>): keyof FakeLinear['lists'] {
  const name = /\{\s*(projects|issues|teams|users)\b/.exec(query)?.[1];
  if (name === undefined) throw new Error(`The fake does not know: ${query}`);
  return name as keyof FakeLinear['lists'];
}

interface Filter {
  id?: { in: string[] };
  updatedAt?: { gte: string };
  team?: { id: { eq: string } };
  accessibleTeams?: { some: { id: { eq: string } } };
}

function matches(node: Node, { query, variables }: Asked): boolean {
  const { id, updatedAt, team, accessibleTeams } = (variables['filter'] ?? {}) as Filter;
  const isArchived = node['archivedAt'] !== undefined && node['archivedAt'] !== null;
  if (isArchived && !query.includes('includeArchived: true')) return false;
  if (id && !id.in.includes(node.id)) return false;
  if (updatedAt && String(node['updatedAt']) < updatedAt.gte) return false;
  const wanted = team?.id.eq ?? accessibleTeams?.some.id.eq;
  return wanted === undefined || teamsOf(node).includes(wanted);
}

function teamsOf({ team, teams }: Node): unknown[] {
  const many = (teams as { nodes: Node[] } | undefined)?.nodes ?? [];
  return [...many, ...(team ? [team as Node] : [])].map(({ id }) => id);
}

/** An issue as the real API sends it, changed long ago. */
export function issue(id: string, more: Record<string, unknown> = {}): Node {
  return {
    ...{ id, identifier: id.toUpperCase(), title: `Issue ${id}`, description: null, estimate: null },
    ...{ url: `https://linear.example/issue/${id}`, priority: 0, priorityLabel: 'No priority' },
    ...{ createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z', archivedAt: null },
    ...{ trashed: null, assignee: null, project: null, parent: null, team: { id: 't1', key: 'ENG' } },
    ...{ state: { id: 's1', name: 'To do', type: 'unstarted' } },
    labels: { nodes: [], pageInfo: { hasNextPage: false } },
    ...more,
  };
}

export const refusal = (message: string, extensions: Record<string, string> = {}): Reply => ({
  status: 400,
  body: { errors: [{ message, extensions }] },
});
