import type { ServerResponse } from 'node:http';
import { serve, type LocalServer } from '../../providers/local-server.js';

export const KEY = 'template-canary-key';
const PAGE = 10;

interface Kept {
  id: string;
  name: string;
  /** Number of the change that made it so. */
  at: number;
  deleted: boolean;
}

export interface TemplateServer extends LocalServer {
  ids(): string[];
  change(id: string): void;
  remove(id: string): void;
}

/** What the template talks to: people by id, what changed by number, all behind one key. */
export async function startTemplateServer(count: number): Promise<TemplateServer> {
  let changes = 0;
  const people = new Map<string, Kept>();
  const put = (id: string, name: string, deleted = false): void => {
    changes += 1;
    people.set(id, { id, name, at: changes, deleted });
  };
  for (let n = 0; n < count; n += 1) put(`p${String(n).padStart(3, '0')}`, `Person ${n}`);

  function list(response: ServerResponse, query: URLSearchParams): void {
    const since = query.get('since');
    const after = query.get('after') ?? '';
    if (since !== null && Number(since) > changes) return void response.writeHead(410).end();
    const found = [...people.values()]
      .filter(({ at, deleted }) => (since === null ? !deleted : at > Number(since)))
      .filter(({ id }) => id > after)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    const items = found.slice(0, PAGE).map(shown);
    const isLast = found.length <= PAGE;
    json(response, { items, ...(isLast ? { mark: String(changes) } : { next: items.at(-1)?.id }) });
  }

  const server = await serve((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://template.example');
    if (request.headers.authorization !== `Bearer ${KEY}`) return void response.writeHead(401).end();
    if (pathname === '/me') return json(response, { id: 'acc-1', name: 'Template Ltd', mayRead: true });
    const alive = [...people.values()].filter(({ deleted }) => !deleted);
    if (pathname === '/count') return json(response, { count: alive.length });
    if (pathname === '/people') return list(response, searchParams);
    const one = alive.find(({ id }) => pathname === `/people/${id}`);
    if (one) json(response, shown(one));
    else response.writeHead(404).end();
  });
  return {
    ...server,
    ids: () => [...people.values()].filter(({ deleted }) => !deleted).map(({ id }) => id),
    change: (id) => put(id, 'Renamed'),
    remove: (id) => put(id, '', true),
  };
}

function shown({ id, name, at, deleted }: Kept) {
  const updated = new Date(Date.UTC(2026, 0, 1) + at * 1_000).toISOString();
  return deleted ? { id, updated, deleted } : { id, updated, name, email: `${id}@template.example` };
}

function json(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
