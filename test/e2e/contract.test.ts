import { createApiClient, type ApiClient, type Body, type RunBody } from '../../local/api-client.js';
import { enter, IN_TIME, type Desk } from './support/desk.js';

type Listed<T> = { items: T[]; nextCursor: string | null };

const JSON_BODY = { 'content-type': 'application/json' };

/** The HTTP contract as a stranger reads it: what is refused and how, who may do what, decisions and their undoing. */
describe('the HTTP contract', () => {
  let desk: Desk;
  let api: ApiClient;
  beforeAll(async () => {
    desk = await enter();
    api = desk.api;
  }, IN_TIME);
  afterAll(() => desk.leave(), IN_TIME);

  const send = (path: string, body: unknown, headers: Record<string, string> = {}, by = api) =>
    by.raw('POST', path, { body: JSON.stringify(body), headers: { ...JSON_BODY, ...headers } });
  const file = (object: string, bytes: string) => ({ object, name: `${object}.csv`, bytes });
  const twoObjects = async (mark: string): Promise<string> => {
    const appId = await desk.install();
    await desk.upload(appId, file('accounts', `id,name\nA1,Acme ${mark}\n`));
    await desk.upload(appId, file('contacts', `id,name,email\nC1,Ann,${mark}@contract.example\n`));
    return appId;
  };
  const until = (run: RunBody, wanted: (run: RunBody) => boolean): Promise<RunBody> =>
    api.untilRun(run.runId, wanted, { withinMs: IN_TIME });

  it(
    'refuses what is not as it should be, always with a problem that says what and what to do',
    async () => {
      const { appId } = await desk.through(file('contacts', 'id,name\n1,A\n'));
      const nobody = createApiClient(desk.stack.apiUrl, 'no-key');
      const expected: [string, Promise<{ status: number; body: Body }>, number, string][] = [
        ['no key', nobody.raw('GET', '/v1/apps'), 401, 'unauthorized'],
        ['no JSON', api.raw('POST', '/v1/apps', { body: '{', headers: JSON_BODY }), 400, 'malformed_json'],
        ['2 MiB', send('/v1/apps', { name: 'a'.repeat(2 ** 21) }), 413, 'too_large'],
        ['unknown field', send('/v1/apps', { providerId: 'files', foo: 1 }), 400, 'invalid_request'],
        ['unknown provider', send('/v1/apps', { providerId: 'nope' }), 422, 'unknown_provider'],
        ['unknown id', api.raw('GET', '/v1/runs/nope'), 404, 'not_found'],
        ['unknown route', api.raw('GET', '/v1/nope'), 404, 'not_found'],
        ['a cursor of nobody', api.raw('GET', '/v1/records?cursor=x'), 400, 'invalid_cursor'],
        ['no such sync', send(`/v1/apps/${appId}/runs`, { kind: 'sync' }), 409, 'action_not_supported'],
        ['no file', send(`/v1/apps/${appId}/runs`, { kind: 'import', objects: ['deals'] }), 409, 'no_file'],
      ];
      for (const [what, answer, status, code] of expected) {
        const { status: got, body } = await answer;
        expect([what, got, body['code']]).toEqual([what, status, code]);
        expect(body).toMatchObject({ status, type: expect.any(String), title: expect.any(String) });
        expect(body['detail']).toMatch(/\.$/);
        expect(body['requestId']).toMatch(/.+/);
      }
      const { body } = await send('/v1/apps', { providerId: 'files', foo: 1 });
      expect(body['issues']).toEqual([{ path: 'body.foo', message: expect.any(String) }]);
      const fields = { name: { path: 'name', as: 'bogus' } };
      const patched = await api.raw('PATCH', `/v1/apps/${appId}`, {
        body: JSON.stringify({ mapping: { objects: { contacts: { fields } } } }),
        headers: JSON_BODY,
      });
      expect(patched.body['issues']).toMatchObject([
        { path: 'body.mapping.objects.contacts.fields.name.as', message: expect.stringContaining('"text"') },
      ]);
    },
    IN_TIME,
  );

  it(
    'knows viewers, operators and admins, people behind a key, and workspaces that see nothing of each other',
    async () => {
      const keyOf = async (role: string, actAs = false): Promise<ApiClient> =>
        desk.as(String((await api.post('/v1/keys', { name: `a ${role}`, role, actAs }))['key']));
      const [viewer, operator, admin] = [
        await keyOf('viewer'),
        await keyOf('operator'),
        await keyOf('admin', true),
      ];
      const appId = await desk.install();
      const statuses = async (method: string, path: string, body?: Body): Promise<number[]> =>
        Promise.all(
          [viewer, operator, admin].map(async (by) => {
            const options = body ? { body: JSON.stringify(body), headers: JSON_BODY } : {};
            return (await by.raw(method, path, options)).status;
          }),
        );
      expect(await statuses('GET', `/v1/apps/${appId}`)).toEqual([200, 200, 200]);
      expect(await statuses('POST', `/v1/apps/${appId}/preflight`, {})).toEqual([403, 200, 200]);
      expect(await statuses('PATCH', `/v1/apps/${appId}`, { name: 'x' })).toEqual([403, 403, 200]);
      expect(await statuses('POST', '/v1/keys', { name: 'k', role: 'viewer' })).toEqual([403, 403, 201]);
      expect(await statuses('GET', '/v1/workspaces')).toEqual([403, 403, 403]);

      const ann = { 'sluice-actor': '{"id":"u1","name":"Ann"}' };
      const member = { name: 'Jo', email: 'jo@contract.example' };
      expect((await send('/v1/members', member, ann, admin)).status).toBe(201);
      const { items } = await api.get<Listed<Body>>('/v1/audit?limit=1');
      expect(items).toMatchObject([{ action: 'member.added', actor: { id: 'u1', name: 'Ann' } }]);
      expect((await operator.raw('GET', '/v1/apps', { headers: ann })).body['code']).toBe(
        'actor_not_allowed',
      );

      const other = await api.post('/v1/workspaces', { name: 'Other' });
      const stranger = desk.as(String(other['adminKey']));
      const theirs = await stranger.raw('GET', `/v1/apps/${appId}`);
      expect(theirs).toMatchObject({ status: 404, body: { code: 'not_found' } });
      expect((await stranger.get<Listed<Body>>('/v1/apps')).items).toEqual([]);
    },
    IN_TIME,
  );

  it(
    'takes a repeated Idempotency-Key once, refuses it with another body, and has one run per app',
    async () => {
      const appId = await twoObjects('once');
      const key = { 'idempotency-key': 'start-1' };
      const path = `/v1/apps/${appId}/runs`;
      const [first, second] = await Promise.all([
        send(path, { kind: 'import' }, key),
        send(path, { kind: 'import' }, key),
      ]);
      const { runId } = first.body as unknown as RunBody;
      expect([first.status, second.status, second.body['runId']]).toEqual([202, 202, runId]);
      const otherBody = await send(path, { kind: 'import', review: 'none' }, key);
      expect(otherBody).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
      const third = await send(path, { kind: 'import' });
      expect(third).toMatchObject({ status: 409, body: { code: 'run_already_active', runId } });
      await api.post(`/v1/runs/${runId}/cancel`);
      expect(
        await until(first.body as unknown as RunBody, ({ status }) => status === 'cancelled'),
      ).toMatchObject({
        attention: null,
        booksClosed: true,
      });
    },
    IN_TIME,
  );

  it(
    'walks through the gate: open items, accept, clean-up by a person, and nothing left to decide after the end',
    async () => {
      const appId = await twoObjects('gate');
      const run = await desk.importOf(appId);
      expect(run).toMatchObject({
        status: 'needs_attention',
        attention: { reason: 'review', object: 'accounts' },
        reviewState: 'in_review',
        objects: [{ state: 'in_review' }, { state: 'waiting' }],
      });
      const path = `/v1/runs/${run.runId}`;
      const incomplete = await send(`${path}/review`, { object: 'accounts', decision: 'accept' });
      expect(incomplete.body).toMatchObject({
        status: 409,
        code: 'review_incomplete',
        openItems: ['sample_seen', 'account_seen'],
      });
      const confirmed = ['sample_seen', 'account_seen'];
      await api.post(`${path}/review`, { object: 'accounts', decision: 'accept', confirmed });
      await until(run, ({ attention }) => attention?.object === 'contacts');
      await api.post(`${path}/review`, { object: 'contacts', decision: 'clean_up', cleanupBy: 'person' });
      const waits = await until(run, ({ attention }) => attention?.reason === 'cleanup');
      expect(waits.status).toBe('needs_attention');

      const items = async (object: string): Promise<Body> => {
        const { objects } = await api.get<{ objects: { object: string; items: Body[] }[] }>(
          `${path}/checklist`,
        );
        const own = objects.find((entry) => entry.object === object)?.items ?? [];
        return Object.fromEntries(own.map(({ itemId, status }) => [String(itemId), status]));
      };
      expect(await items('accounts')).toMatchObject({ books: 'ok', sample_seen: 'ok', account_seen: 'ok' });
      expect(await items('contacts')).toMatchObject({ cleanup_done: 'open' });
      await api.post(`${path}/cleanup`, { mode: 'manual', object: 'contacts', note: 'Done by hand.' });
      const ended = await until(run, ({ status }) => status === 'completed');
      expect(ended.objects.map(({ state }) => state)).toEqual(['accepted', 'cleaned_up']);
      expect(await items('contacts')).toMatchObject({ cleanup_done: 'ok' });
      const late = await send(`${path}/review`, { object: 'contacts', decision: 'accept', confirmed });
      expect(late).toMatchObject({ status: 409, body: { code: 'run_ended' } });
    },
    IN_TIME,
  );

  it(
    'previews an undo, undoes exactly, keeps what a person edited since and lists it, and can be asked again at once',
    async () => {
      const { appId } = await desk.through(file('contacts', 'id,name,title\n1,A,T1\n2,B,T2\n'), {
        name: 'undo',
      });
      await desk.upload(appId, file('contacts', 'id,name,title\n1,A9,T9\n2,B,\n3,C,T3\n'));
      const run = await desk.importOf(appId, { review: 'none' });
      expect(run.counts).toMatchObject({ created: 1, updated: 2 });
      const [edited] = await desk.records('contacts', appId);
      const title = { fields: { title: 'Mine' } };
      const record = `/v1/records/${edited?.recordId}`;
      const edit = (headers: Record<string, string>) =>
        api.raw('PATCH', record, { body: JSON.stringify(title), headers: { ...JSON_BODY, ...headers } });
      expect((await edit({})).status).toBe(428);
      expect((await edit({ 'if-match': '99' })).status).toBe(412);
      expect((await edit({ 'if-match': `"${edited?.version}"` })).status).toBe(200);

      const path = `/v1/runs/${run.runId}/cleanup`;
      const numbers = { remove: 1, restore: 2, keep: 1 };
      const preview = await send(`${path}?dryRun=true`, { mode: 'undo', note: 'Preview.' });
      expect(preview).toMatchObject({ status: 200, body: numbers });
      expect(await desk.records('contacts', appId)).toHaveLength(3);
      expect((await send(path, { mode: 'undo', note: 'Undone.' })).status).toBe(202);
      const done = await until(run, ({ cleanup }) => cleanup?.state === 'done');
      const conflict = { recordId: edited?.recordId, field: 'title', current: 'Mine', wouldBe: 'T1' };
      expect(done.cleanup).toMatchObject({ ...numbers, conflicts: [conflict] });
      const left = await desk.records('contacts', appId);
      expect(left.map(({ fields }) => [fields['name'], fields['title']])).toEqual([
        ['A', 'Mine'],
        ['B', 'T2'],
      ]);
      expect((await send(path, { mode: 'undo', note: 'Again.' })).status).toBe(202);
    },
    IN_TIME,
  );

  it(
    'ties a duplicate by e-mail, leaves it, or makes a second one, as the policy says',
    async () => {
      for (const [policy, counts, records] of [
        ['update', { updated: 1, created: 0 }, 1],
        ['skip', { skipped: 1, created: 0 }, 1],
        ['create', { created: 1 }, 2],
      ] as const) {
        const mail = `same-${policy}@duplicates.example`;
        await desk.through(file('contacts', `id,name,email,notes\n1,First,${mail},\n`));
        const { run } = await desk.through(
          file('contacts', `id,name,email,notes\nX1,Second,${mail.toUpperCase()},Note\n`),
          { policies: { existing: { contacts: policy } } },
        );
        expect(run.counts).toMatchObject(counts);
        const found = await api.get<Listed<Body>>(`/v1/records?object=contacts&q=same-${policy}`);
        expect(found.items).toHaveLength(records);
        const { items } = await api.get<Listed<Body>>(`/v1/runs/${run.runId}/duplicates`);
        expect(items).toMatchObject([{ externalId: 'X1', matchedOn: ['email'], decision: policy }]);
      }
    },
    IN_TIME,
  );

  it(
    'streams a run to its end, in whole snapshots whose ids never go back',
    async () => {
      const appId = await desk.install();
      const people = Array.from({ length: 3000 }, (_, n) => `${n},Name ${n},n${n}@stream.example`);
      await desk.upload(appId, file('contacts', ['id,name,email', ...people].join('\n')));
      const { runId } = await api.post<RunBody>(`/v1/apps/${appId}/runs`, { kind: 'import', review: 'none' });
      const { text } = await api.raw('GET', `/v1/runs/${runId}/events`);
      const events = text.split('\n\n').filter((event) => event.includes('event: run'));
      const ids = events.map((event) => Number(/^id: (\d+)$/m.exec(event)?.[1]));
      expect(ids).toEqual([...ids].sort((a, b) => a - b));
      const last = JSON.parse(/^data: (.*)$/m.exec(events.at(-1) ?? '')?.[1] ?? '') as RunBody;
      expect(last).toMatchObject({
        runId,
        status: 'completed',
        counts: { created: 3000 },
        booksClosed: true,
      });
    },
    IN_TIME,
  );
});
