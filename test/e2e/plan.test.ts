import { rests, type Body, type RunBody } from '../../local/api-client.js';
import { enter, IN_TIME, type Desk } from './support/desk.js';

interface Plan {
  hash: string;
  counts: Body;
  duplicates: { total: number; items: Body[] };
  unmapped: { owners: Body[]; statuses: Body[] };
  applied: Body | null;
}

const planOf = (run: RunBody): Plan => run['plan'] as Plan;

describe('a plan, over HTTP', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await enter();
  }, IN_TIME);
  afterAll(() => desk.leave(), IN_TIME);

  const file = (bytes: string): Parameters<Desk['upload']>[1] => ({
    ...{ object: 'contacts', name: 'people.csv', bytes },
  });
  const start = { mode: 'plan', review: 'none' };
  const send = (method: string, path: string, body: Body, more: Record<string, string> = {}) =>
    desk.api.raw(method, path, {
      ...{ body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...more } },
    });
  const post = (run: RunBody, what: string, body: Body): ReturnType<typeof send> =>
    send('POST', `/v1/runs/${run.runId}/${what}`, body);
  const items = async (run: RunBody, what: string): Promise<Body[]> =>
    (await desk.api.get<{ items: Body[] }>(`/v1/runs/${run.runId}/${what}`)).items;

  it(
    'shows all that would happen, is refused with another hash, made anew after a change, and applied as it was shown',
    async () => {
      const others = await desk.install();
      await desk.upload(others, file('id,name,email\nold,Old Ann,ann@plan.example\n'));
      await desk.importOf(others, { review: 'none' });

      const appId = await desk.install();
      const rows = ['id,name,email,owner', '1,Ann,ann@plan.example,boss@plan.example'];
      rows.push(
        '2,Bob,bob@plan.example,boss@plan.example',
        '3,,no-name@plan.example,',
        '4,Dan,dan@plan.example,',
      );
      await desk.upload(appId, file(rows.join('\n')));
      const run = await desk.importOf(appId, start);
      expect(run).toMatchObject({
        ...{ status: 'needs_attention', attention: { reason: 'plan' }, mode: 'plan' },
        objects: [{ object: 'contacts', state: 'planned', counts: { fetched: 4, created: 0 } }],
      });
      const first = planOf(run);
      expect(first).toMatchObject({
        counts: { fetched: 4, created: 2, updated: 1, failed: 1 },
        unmapped: { owners: [{ value: 'boss@plan.example', count: 2 }] },
        duplicates: {
          total: 1,
          items: [
            { externalId: '1', incoming: { name: 'Ann' }, candidates: [{ fields: { name: 'Old Ann' } }] },
          ],
        },
        required: [{ object: 'contacts', field: 'name', count: 1 }],
      });
      expect(await desk.records('contacts', appId)).toEqual([]);
      const changes = await items(run, 'changes?limit=10');
      expect(changes.map(({ planned, outcome }) => [planned, outcome])).toEqual([
        [true, 'updated'],
        [true, 'created'],
        [true, 'created'],
      ]);
      expect(await items(run, 'duplicates')).toMatchObject([{ externalId: '1', decision: 'update' }]);
      const failed = await items(run, 'problems?severity=failed');
      expect(failed).toMatchObject([{ externalId: '3', code: 'required_missing', planned: true }]);
      expect(await post(run, 'pause', {})).toMatchObject({ status: 409 });

      await desk.api.post('/v1/members', { name: 'Boss', email: 'boss@plan.example' });
      expect(await post(run, 'plan', {})).toMatchObject({ status: 202 });
      const again = await desk.api.untilRun(run.runId, rests, { withinMs: IN_TIME });
      const second = planOf(again);
      expect(second.hash).not.toBe(first.hash);
      expect(second.unmapped.owners).toEqual([]);
      const outdated = await post(run, 'apply', { planHash: first.hash });
      expect(outdated).toMatchObject({ status: 409, body: { code: 'plan_outdated' } });

      const [old] = await desk.records('contacts', others);
      const path = `/v1/records/${String(old?.recordId)}`;
      const edited = await send(
        ...(['PATCH', path, { fields: { title: 'By hand' } }, { 'if-match': String(old?.version) }] as const),
      );
      expect(edited.status).toBe(200);
      expect(await post(run, 'apply', { planHash: second.hash })).toMatchObject({ status: 202 });
      const done = await desk.api.untilRun(run.runId, rests, { withinMs: IN_TIME });
      expect(done).toMatchObject({
        ...{ status: 'completed', booksClosed: true },
        counts: { fetched: 4, created: 2, updated: 0, skipped: 1, failed: 1 },
        plan: { applied: { onDrift: 'skip' } },
      });
      expect(await items(run, 'problems?code=plan_drifted')).toMatchObject([{ externalId: '1' }]);
      expect((await items(run, 'problems?severity=failed')).map(({ planned }) => planned)).toEqual([
        undefined,
      ]);
      expect((await items(run, 'changes')).map(({ planned, recordId }) => [planned, recordId])).toEqual(
        changes.slice(1).map(() => [undefined, expect.anything()]),
      );
      expect(await post(run, 'apply', { planHash: second.hash })).toMatchObject({ status: 409 });
    },
    IN_TIME,
  );

  it(
    'made anew with a mapping that cannot work says so on the run, and cannot be applied until it is right again',
    async () => {
      const appId = await desk.install();
      await desk.upload(appId, file('id,name,email\n1,Flo,flo@plan.example\n'));
      const run = await desk.importOf(appId, start);
      const remap = async (name: string): Promise<RunBody> => {
        const mapping = { objects: { contacts: { fields: { name } } } };
        expect(await send('PATCH', `/v1/apps/${appId}`, { mapping })).toMatchObject({ status: 200 });
        expect(await post(run, 'plan', {})).toMatchObject({ status: 202 });
        return desk.api.untilRun(run.runId, rests, { withinMs: IN_TIME });
      };
      const broken = await remap('Full name');
      expect(broken['blockers']).toMatchObject([{ code: 'mapping_broken', column: 'Full name' }]);
      expect(planOf(broken).counts).toMatchObject({ failed: 1, created: 0 });
      expect(await post(run, 'apply', { planHash: planOf(broken).hash })).toMatchObject({
        ...{ status: 409, body: { code: 'mapping_needed', blockers: [{ column: 'Full name' }] } },
      });
      const right = await remap('name');
      expect(right['blockers']).toEqual([]);
      expect(await post(run, 'apply', { planHash: planOf(right).hash })).toMatchObject({ status: 202 });
      expect(await desk.api.untilRun(run.runId, rests, { withinMs: IN_TIME })).toMatchObject({
        ...{ status: 'completed', counts: { fetched: 1, created: 1 } },
      });
    },
    IN_TIME,
  );

  it(
    'writes nothing where it is cancelled, and is for imports only',
    async () => {
      const appId = await desk.install();
      await desk.upload(appId, file('id,name,email\n1,Eve,eve@plan.example\n'));
      const run = await desk.importOf(appId, start);
      const sync = await send('POST', `/v1/apps/${appId}/runs`, { kind: 'sync', mode: 'plan' });
      expect([409, 422]).toContain(sync.status);
      const another = await desk.install();
      await desk.upload(another, file('id,name,email\n1,Eve,eve@plan.example\n'));
      const other = await desk.importOf(another, start);
      expect(await post(run, 'apply', { planHash: planOf(other).hash })).toMatchObject({
        ...{ status: 409, body: { code: 'plan_outdated' } },
      });
      const key = { mapping: { objects: { contacts: { key: ['email'] } } } };
      expect(await send('PATCH', `/v1/apps/${appId}`, key)).toMatchObject({ status: 200 });
      expect(await post(run, 'plan', {})).toMatchObject({
        ...{ status: 409, body: { code: 'source_identity_changed' } },
      });
      expect(await post(run, 'cancel', {})).toMatchObject({ status: 202 });
      const ended = await desk.api.untilRun(run.runId, ({ status }) => status === 'cancelled');
      expect(ended).toMatchObject({ counts: { fetched: 0, created: 0 }, booksClosed: true });
      expect(await desk.records('contacts', appId)).toEqual([]);
      const sheet = await desk.api.get(`/v1/apps/${appId}`);
      expect(sheet).toMatchObject({ lock: null, runtimeStatus: 'ready' });
    },
    IN_TIME,
  );
});
