import { randomUUID } from 'node:crypto';
import { enter, IN_TIME, type House } from './support/house.js';
import {
  accept,
  csv,
  importOf,
  installFiles,
  openItems,
  people,
  recordsOf,
  untilEnded,
  untilRests,
  upload,
} from './support/people.js';

const JSON_BODY = { 'content-type': 'application/json' };

describe('one run per app, one decision per review', () => {
  let house: House;
  beforeAll(async () => {
    house = await enter();
  }, IN_TIME);
  afterAll(() => house.leave(), IN_TIME);

  const post = (path: string, body: unknown, key?: string) =>
    house.api.raw('POST', path, {
      body: JSON.stringify(body),
      headers: { ...JSON_BODY, ...(key === undefined ? {} : { 'idempotency-key': key }) },
    });
  const runsOf = async (appId: string): Promise<string[]> => {
    const { items } = await house.api.get<{ items: { runId: string }[] }>(`/v1/apps/${appId}/runs`);
    return items.map(({ runId }) => runId);
  };

  it(
    'a second start answers 409 with the live run, makes none, and is let in when the first has ended',
    async () => {
      const { appId, runId } = await importOf(house.api, people(20), { review: 'each_object' });
      const path = `/v1/apps/${appId}/runs`;
      const body = { kind: 'import', review: 'none' };
      expect(await post(path, body)).toMatchObject({
        status: 409,
        body: { code: 'run_already_active', runId },
      });
      await untilRests(house.api, runId);
      expect(await post(path, body)).toMatchObject({
        status: 409,
        body: { code: 'run_already_active', runId },
      });
      expect(await runsOf(appId)).toEqual([runId]);
      await accept(house.api, runId);
      await untilEnded(house.api, runId);
      expect((await post(path, body)).status).toBe(202);
    },
    IN_TIME,
  );

  it(
    'of many starts at once one is let in, and the others name it',
    async () => {
      const appId = await installFiles(house.api);
      await upload(house.api, appId, csv(people(20, 101)));
      const path = `/v1/apps/${appId}/runs`;
      const answers = await Promise.all(
        Array.from({ length: 6 }, () => post(path, { kind: 'import', review: 'each_object' })),
      );
      const [taken, ...more] = answers.filter(({ status }) => status === 202);
      expect(more).toEqual([]);
      const { runId } = taken?.body ?? {};
      for (const { body } of answers.filter(({ status }) => status !== 202)) {
        expect(body).toMatchObject({ status: 409, code: 'run_already_active', runId });
      }
      expect(await runsOf(appId)).toEqual([runId]);
    },
    IN_TIME,
  );

  it(
    'the same Idempotency-Key is the same run, also sent at once and after its end; another body is refused',
    async () => {
      const appId = await installFiles(house.api);
      await upload(house.api, appId, csv(people(20, 201)));
      const path = `/v1/apps/${appId}/runs`;
      const key = randomUUID();
      const body = { kind: 'import', review: 'none' };
      const answers = await Promise.all(Array.from({ length: 4 }, () => post(path, body, key)));
      expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
      const ids = new Set(answers.map((answer) => answer.body['runId']));
      expect(ids.size).toBe(1);
      const runId = String([...ids][0]);
      await untilEnded(house.api, runId);
      expect(await post(path, body, key)).toMatchObject({ status: 202, body: { runId } });
      expect(await post(path, { ...body, review: 'each_object' }, key)).toMatchObject({
        ...{ status: 422, body: { code: 'idempotency_key_reused' } },
      });
      expect(await runsOf(appId)).toEqual([runId]);
      expect(await recordsOf(house.api, appId)).toHaveLength(20);
    },
    IN_TIME,
  );

  it(
    'a review with open items is refused and lists them; of two reviewers at once one decides, the other is told who',
    async () => {
      const { runId } = await importOf(house.api, people(20, 301), { review: 'each_object' });
      await untilRests(house.api, runId);
      const path = `/v1/runs/${runId}/review`;
      const confirmed = await openItems(house.api, runId);
      expect(confirmed).toContain('sample_seen');
      const [first = '', ...others] = confirmed;
      const decision = { object: 'contacts', decision: 'accept' };
      expect(await post(path, decision)).toMatchObject({
        ...{ status: 409, body: { code: 'review_incomplete', openItems: confirmed } },
      });
      expect(await post(path, { ...decision, confirmed: others })).toMatchObject({
        ...{ status: 409, body: { code: 'review_incomplete', openItems: [first] } },
      });
      expect(await untilRests(house.api, runId)).toMatchObject({ attention: { reason: 'review' } });

      const both = await Promise.all([
        post(path, { ...decision, confirmed }),
        post(path, { ...decision, decision: 'accept_and_stop', confirmed }),
      ]);
      expect(both.map(({ status }) => status).sort()).toEqual([202, 409]);
      const refused = both.find(({ status }) => status === 409);
      expect(['nothing_to_review', 'run_ending', 'run_ended', 'run_not_live']).toContain(
        refused?.body['code'],
      );
      expect(await untilEnded(house.api, runId)).toMatchObject({
        ...{ status: 'completed', reviewState: 'accepted' },
      });
      const { items } = await house.api.get<{ items: { action: string; target: string }[] }>(
        '/v1/audit?limit=1000',
      );
      expect(
        items.filter(({ action, target }) => action === 'run.reviewed' && target === runId),
      ).toHaveLength(1);
    },
    IN_TIME,
  );
});
