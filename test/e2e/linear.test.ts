import { rests, type Body, type RunBody } from '../../local/api-client.js';
import { startLinearLab, type LinearLab } from '../support/linear-lab.js';
import { enter, IN_TIME, type Desk, type RecordBody } from './support/desk.js';

const KEY = 'lin_api_of_ann_canary';
const ANN = 'ann@linear.example';
const CLIENT = { client_id: 'sluice-client', client_secret: 'canary-client-secret' };
const ISSUES = 130;

/** Linear over HTTP, from the log-in of a person to a sync. Its tests build on each other, as the life of an app does. */
describe('an issue tracker that a person logged in to', () => {
  let desk: Desk;
  let lab: LinearLab;
  let appId: string;
  beforeAll(async () => {
    desk = await enter();
    lab = await startLinearLab({
      organization: { name: 'Ann Ltd', url_key: 'ann' },
      users: [{ id: 'u1', email: ANN, name: 'Ann', admin: true }],
      teams: [
        {
          ...{ id: 't1', key: 'OPS', name: 'Operations' },
          states: [
            { id: 's1', name: 'Later', type: 'backlog', position: 1 },
            { id: 's2', name: 'Underway', type: 'started', position: 2 },
          ],
        },
      ],
      projects: [{ id: 'p1', name: 'Move', description: 'To the new house', state: 'started', team: 'OPS' }],
      issues: Array.from({ length: ISSUES }, (_, n) => ({
        ...{ id: `i${n}`, team: 'OPS', title: `Task ${n}`, state: n % 2 === 0 ? 'Later' : 'Underway' },
        ...(n === 1 && { assignee: ANN, project: 'Move', priority: 1, due_date: '2026-12-24' }),
      })),
      oauth_apps: [
        {
          ...CLIENT,
          name: 'Sluice',
          redirect_uris: [`${desk.stack.apiUrl}/oauth/callback`],
          scopes: ['read'],
        },
      ],
      tokens: [{ token: KEY, type: 'personal', user: ANN, scopes: ['read', 'write'] }],
    });
    await desk.api.post('/v1/members', { email: ANN, name: 'Ann' });
    appId = await desk.install({
      providerId: 'linear',
      settings: { ...lab.settings, clientId: CLIENT.client_id, team: 'ops' },
      scope: ['projects', 'tasks'],
    });
  }, IN_TIME);
  afterAll(() => Promise.all([desk.leave(), lab.stop()]), IN_TIME);

  const sheet = (): Promise<Body> => desk.api.get(`/v1/apps/${appId}`);
  const logIn = async (): Promise<void> => {
    const { authorizationUrl } = await desk.api.post<{ authorizationUrl: string }>(
      `/v1/apps/${appId}/connect`,
      {},
    );
    const back = await lab.logIn(authorizationUrl, ANN);
    expect((await fetch(back, { headers: { accept: 'application/json' } })).status).toBe(200);
    await desk.api.post(`/v1/apps/${appId}/connect/confirm`, {});
  };
  const run = async (body: Body): Promise<RunBody> => {
    const { runId } = await desk.api.post<RunBody>(`/v1/apps/${appId}/runs`, body);
    return desk.api.untilRun(runId, rests, { withinMs: IN_TIME });
  };
  const accept = async ({ runId }: RunBody, object: string, done: (run: RunBody) => boolean) => {
    const confirmed = ['sample_seen', 'account_seen'];
    await desk.api.post(`/v1/runs/${runId}/review`, { object, decision: 'accept', confirmed });
    return desk.api.untilRun(runId, done, { withinMs: IN_TIME });
  };
  const tasks = async (): Promise<Map<string, RecordBody>> => {
    const found = await desk.records('tasks', appId);
    return new Map(found.map((each) => [each.links[0]?.externalId ?? '', each]));
  };

  it(
    'is connected as the account that the person logged in to',
    async () => {
      await desk.api.put(`/v1/apps/${appId}/credentials`, { clientSecret: CLIENT.client_secret });
      await logIn();
      expect(await sheet()).toMatchObject({
        connection: { status: 'ready', account: { name: expect.any(String) as string } },
        actions: { import: { available: true } },
      });
    },
    IN_TIME,
  );

  it(
    'brings projects, waits for a new log-in, then brings tasks with their owners, statuses and relations',
    async () => {
      const first = await run({ kind: 'import' });
      expect(first.attention).toMatchObject({ reason: 'review', object: 'projects' });
      // Between the two types the log-in is taken back over there.
      await lab.revokeGrants();
      const parked = await accept(first, 'projects', ({ attention }) => attention?.object === 'tasks');
      expect(parked.attention).toMatchObject({ reason: 'reconnect', object: 'tasks' });
      expect(['token_revoked', 'credentials_rejected']).toContain(parked.attention?.code);
      expect((await sheet())['connection']).toMatchObject({ status: 'needs_attention' });
      await logIn();
      const second = await desk.api.untilRun(
        parked.runId,
        ({ attention }) => attention?.reason === 'review' && attention.object === 'tasks',
        { withinMs: IN_TIME },
      );
      const ended = await accept(second, 'tasks', ({ status }) => status === 'completed');
      expect(ended).toMatchObject({ booksClosed: true, counts: { failed: 0 } });

      const [project] = await desk.records('projects', appId);
      expect(project?.fields).toMatchObject({ name: 'Move', status: 'active' });
      const found = await tasks();
      expect(found.size).toBe(ISSUES);
      expect(found.get('i0')).toMatchObject({
        fields: { title: 'Task 0', status: 'open', priority: 'none' },
      });
      expect(found.get('i1')).toMatchObject({
        fields: {
          status: 'in_progress',
          priority: 'urgent',
          dueDate: '2026-12-24',
          owner: expect.any(String) as string,
        },
        relations: { project: { externalId: 'p1', recordId: project?.recordId, resolved: true } },
        unmapped: {},
      });
    },
    IN_TIME,
  );

  it(
    'is kept up to date, and shows each record beside the one over there',
    async () => {
      await lab.ask(
        KEY,
        'mutation { issueUpdate(id: "i2", input: { title: "Renamed", priority: 2 }) { success } }',
      );
      await lab.ask(KEY, 'mutation { issueDelete(id: "i4") { success } }');
      const synced = await run({ kind: 'sync' });
      expect(synced).toMatchObject({ status: 'completed', booksClosed: true });
      const found = await tasks();
      expect(found.get('i2')).toMatchObject({ fields: { title: 'Renamed', priority: 'high' } });
      expect(found.get('i4')?.archivedAt).toEqual(expect.any(String));
      expect([...found.values()].filter(({ archivedAt }) => archivedAt === null)).toHaveLength(ISSUES - 1);

      const { recordId = '' } = found.get('i2') ?? {};
      const beside = await desk.api.get(`/v1/records/${recordId}/compare`);
      expect(beside).toMatchObject({ externalId: 'i2', gone: false });
      expect(beside['providerUrl']).toEqual(expect.stringContaining(lab.url));
    },
    IN_TIME,
  );

  it(
    'renews a token that ran out once, however many ask for it, and with the newest token for renewal',
    async () => {
      for (let round = 0; round < 2; round += 1) {
        await lab.revokeGrants('access');
        const before = lab.grants();
        const check = () => desk.api.post(`/v1/apps/${appId}/check`, {});
        const checks = await Promise.all([check(), check(), check(), run({ kind: 'sync' })]);
        expect(checks[3]).toMatchObject({ status: 'completed', booksClosed: true });
        expect((await sheet())['connection']).toMatchObject({ status: 'ready' });
        expect(lab.grants()).toBe(before + 1);
      }
    },
    IN_TIME,
  );

  it(
    'refuses a key that Linear does not know, and shows what to do',
    async () => {
      const other = await desk.install({ providerId: 'linear', settings: lab.settings, scope: ['tasks'] });
      await desk.api.put(`/v1/apps/${other}/credentials`, { apiKey: 'lin_api_wrong_canary' });
      const checked = await desk.api.get(`/v1/apps/${other}`);
      expect(checked['connection']).toMatchObject({
        status: expect.not.stringMatching(/^ready$/) as string,
      });
      expect(JSON.stringify(checked)).not.toContain('wrong_canary');
    },
    IN_TIME,
  );
});
