import { linearProvider } from '../../../activities/providers/linear/provider.js';
import { connectionOf } from '../../contracts/opening.js';
import { describeProvider } from '../../contracts/provider.js';
import { serve, type LocalServer } from '../local-server.js';
import { fakeLinear, issue, refusal, type FakeLinear, type Node } from './fake-linear.js';
import { issues, KEY } from './open.js';

let fake: FakeLinear | undefined;
let silent: LocalServer | undefined;
afterAll(() => Promise.all([fake?.close(), silent?.close()]));

// The lab of `test/contracts/linear.test.ts` has neither the filter by time nor a trash: here is a server that has both.
describeProvider('Linear that tells changes', async () => {
  const server = await fakeLinear();
  fake = server;
  silent = await serve(() => undefined);
  server.lists.issues = [...issues(600), inTrash(issue('gone'))];
  server.lists.projects = Array.from({ length: 400 }, (_, n) => project(`p${n}`));
  server.on = ({ authorization }) =>
    authorization === KEY ? undefined : refusal('Not authenticated', { code: 'AUTHENTICATION_ERROR' });
  const there = (list: 'issues' | 'projects'): string[] =>
    server.lists[list].filter((node) => node['trashed'] !== true).map(({ id }) => id);
  const settings = { apiUrl: server.url };
  const changing = (list: 'issues' | 'projects') => async () => {
    const [, second, third] = server.lists[list];
    if (!second || !third) throw new Error('The fake has too few records.');
    Object.assign(second, { updatedAt: new Date().toISOString() });
    inTrash(third);
    return { changed: second.id, deleted: third.id };
  };
  return {
    description: linearProvider,
    account: { id: 'org-1', name: 'Ann Ltd' },
    objects: [
      {
        object: 'tasks',
        ids: () => there('issues'),
        total: () => there('issues').length,
        change: changing('issues'),
      },
      {
        object: 'projects',
        ids: () => there('projects'),
        total: () => there('projects').length,
        change: changing('projects'),
      },
    ],
    open: (opening) => linearProvider.open(connectionOf(settings, { apiKey: KEY }, opening)),
    refused: {
      open: () => linearProvider.open(connectionOf(settings, { apiKey: 'wrong-canary' })),
      secrets: ['wrong-canary'],
    },
    openStalled: () => linearProvider.open(connectionOf({ apiUrl: silent?.url ?? '' }, { apiKey: KEY })),
  };
});

function project(id: string): Node {
  return {
    ...{ id, name: `Project ${id}`, state: 'started', archivedAt: null, trashed: null },
    ...{ createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z' },
    teams: { nodes: [{ id: 't1', key: 'ENG' }] },
  };
}

function inTrash(node: Node): Node {
  const now = new Date().toISOString();
  return Object.assign(node, { trashed: true, archivedAt: now, updatedAt: now });
}
