import { linearProvider } from '../../activities/providers/linear/provider.js';
import { serve, type LocalServer } from '../providers/local-server.js';
import { startLinearLab, type LinearLab } from '../support/linear-lab.js';
import { connectionOf } from './opening.js';
import { describeProvider } from './provider.js';

const ISSUES = 320;
const PROJECTS = 12;
const KEY = 'lin_api_canary_of_ann';

let lab: LinearLab | undefined;
let silent: LocalServer | undefined;
afterAll(() => Promise.all([lab?.stop(), silent?.close()]));

describeProvider('Linear', async () => {
  lab = await startLinearLab({
    organization: { name: 'Ann Ltd', url_key: 'ann' },
    users: [{ id: 'u1', email: 'ann@linear.example', name: 'Ann', admin: true }],
    teams: [
      {
        ...{ id: 't1', key: 'ENG', name: 'Engineering' },
        states: [{ id: 's1', name: 'To do', type: 'unstarted', position: 1 }],
      },
    ],
    projects: Array.from({ length: PROJECTS }, (_, n) => ({
      id: `project-${n}`,
      name: `Project ${n}`,
      team: 'ENG',
    })),
    issues: Array.from({ length: ISSUES }, (_, n) => ({
      id: `issue-${n}`,
      team: 'ENG',
      title: `Issue ${n}`,
      state: 'To do',
    })),
    tokens: [{ token: KEY, type: 'personal', user: 'ann@linear.example', scopes: ['read', 'write'] }],
  });
  const { ask, settings } = lab;
  const { organization } = await ask(KEY, '{ organization { id name } }');
  const { id, name } = organization as { id: string; name: string };
  // The lab begins with a project and an issue of its own.
  const all = await ask(KEY, '{ issues(first: 999) { nodes { id } } projects(first: 999) { nodes { id } } }');
  const { issues: listed, projects: found } = all as Record<string, { nodes: { id: string }[] }>;
  const issues = new Set(listed?.nodes.map((each) => each.id));
  const projects = found?.nodes.map((each) => each.id) ?? [];
  silent = await serve(() => undefined);
  return {
    description: linearProvider,
    account: { id, name },
    objects: [
      {
        object: 'tasks',
        ids: () => [...issues],
        total: () => issues.size,
        async change() {
          await ask(KEY, 'mutation { issueUpdate(id: "issue-7", input: { title: "Renamed" }) { success } }');
          await ask(KEY, 'mutation { issueDelete(id: "issue-9") { success } }');
          issues.delete('issue-9');
          return { changed: 'issue-7', deleted: 'issue-9' };
        },
      },
      {
        object: 'projects',
        pages: 1,
        ids: () => projects,
        total: () => projects.length,
        change: 'impossible',
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
