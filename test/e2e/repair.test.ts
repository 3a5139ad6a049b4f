import { enter, IN_TIME, type Desk } from './support/desk.js';

/** Bad rows and an owner whom nobody knows: corrected in the mapping, applied under the same run, and taken back with it. */
describe('a repair, from upload to undo', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await enter();
  }, IN_TIME);
  afterAll(() => desk.leave(), IN_TIME);

  it(
    'moves the counts of the run, fills its owners, and goes with its undo',
    async () => {
      const member = await desk.api.post('/v1/members', { name: 'Bob', email: 'bob@repair.example' });
      const rows = [
        'id,name,email,owner',
        '1,A,a@repair.example,Bobby',
        '2,,b@repair.example,Bobby',
        '3,C,,Bobby',
      ];
      const { appId, run } = await desk.through({
        object: 'contacts',
        name: 'r.csv',
        bytes: rows.join('\n'),
      });
      expect(run.counts).toMatchObject({ fetched: 3, created: 2, failed: 1 });
      expect((await desk.problems(run.runId)).map(({ code }) => code)).toContain('owner_unmapped');

      const { mapping } = await desk.api.get<{ mapping: { objects: { contacts: { fields: object } } } }>(
        `/v1/apps/${appId}`,
      );
      const fields = { ...mapping.objects.contacts.fields, name: { path: 'name', default: 'Unnamed' } };
      const patched = await desk.api.raw('PATCH', `/v1/apps/${appId}`, {
        body: JSON.stringify({
          mapping: { objects: { contacts: { fields } }, owners: { Bobby: member['memberId'] } },
        }),
        headers: { 'content-type': 'application/json' },
      });
      expect(patched.status).toBe(200);

      const accepted = await desk.api.raw('POST', `/v1/runs/${run.runId}/repair`, {
        body: '{}',
        headers: { 'content-type': 'application/json' },
      });
      expect(accepted.status).toBe(202);
      const repaired = await desk.api.untilRun(run.runId, (now) => stateOf(now['repair']) === 'done', {
        withinMs: IN_TIME,
      });
      expect(repaired).toMatchObject({
        counts: { fetched: 3, created: 3, failed: 0 },
        booksClosed: true,
        repair: { repaired: 1, changed: 2, stillFailed: 0 },
      });
      const records = await desk.records('contacts', appId);
      expect(records.map((record) => record.fields['owner'])).toEqual(
        [1, 2, 3].map(() => member['memberId']),
      );
      const problems = await desk.problems(run.runId);
      expect(problems.filter(({ state }) => state === 'open')).toEqual([]);

      await desk.api.post(`/v1/runs/${run.runId}/cleanup`, { mode: 'undo' });
      await desk.api.untilRun(run.runId, (now) => stateOf(now['cleanup']) === 'done', { withinMs: IN_TIME });
      expect(await desk.records('contacts', appId)).toEqual([]);
    },
    IN_TIME,
  );
});

function stateOf(part: unknown): unknown {
  return (part as { state?: string } | undefined)?.state;
}
