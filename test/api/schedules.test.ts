import { v7 as uuid } from 'uuid';
import { NEXT_DUE } from './fake-gateway.js';
import { startHarness, type Harness } from './harness.js';

/** Schedules over HTTP, with Temporal played: what is refused, what the sheet shows, and what Temporal is told. */
describe('the schedule of an app', () => {
  let api: Harness;
  let appId: string;
  beforeAll(async () => (api = await startHarness()));
  beforeEach(async () => (appId = await install()));
  afterAll(() => api.close());

  const install = (): Promise<string> =>
    api.newApp({ providerId: 'carddav', settings: { url: 'https://dav.test' }, scope: ['contacts'] });
  const patch = (schedule: unknown, id = appId, key?: string) =>
    api.call('patch', `/v1/apps/${id}`, { body: { schedule }, ...(key === undefined ? {} : { key }) });
  const sheet = async () => (await api.call('get', `/v1/apps/${appId}`)).body;
  const told = () => api.gateway.schedules.get(appId);

  it('is none at first, and Temporal keeps nothing', async () => {
    expect((await sheet()).schedule).toBeNull();
    expect(told()).toBeUndefined();
  });

  it('is an interval with jitter, shown with when it is due and who set it', async () => {
    const { status, body } = await patch({ interval: '1h', jitter: '5m' });
    expect({ status, schedule: body.schedule }).toEqual({
      status: 200,
      schedule: {
        ...{ interval: '1h', jitter: '5m', everySeconds: 3_600, jitterSeconds: 300 },
        ...{ nextAt: NEXT_DUE, lastSkip: null, setBy: { id: 'owner', name: expect.any(String) } },
        setAt: expect.any(String),
      },
    });
    expect((await sheet()).schedule).toEqual(body.schedule);
    expect(told()).toEqual({
      ...{ workspaceId: 'default', appId, version: 1 },
      timing: { everySeconds: 3_600, cron: null, timeZone: null, jitterSeconds: 300 },
    });
  });

  it('is a cron in a time zone, and each takes the place of the other', async () => {
    const cron = { cron: '0 6 * * 1-5', timeZone: 'Europe/Berlin' };
    expect((await patch(cron)).body.schedule).toMatchObject({ ...cron, nextAt: NEXT_DUE });
    expect(told()).toMatchObject({ version: 1, timing: { ...cron, everySeconds: null } });
    const { schedule } = (await patch({ interval: 'PT30M' })).body;
    expect(schedule).toMatchObject({ interval: 'PT30M', everySeconds: 1_800 });
    expect(schedule).not.toHaveProperty('cron');
    expect(told()).toMatchObject({ version: 2, timing: { everySeconds: 1_800, cron: null } });
    expect((await patch({ jitter: 60 })).body.schedule).toMatchObject({ everySeconds: 1_800, jitter: 60 });
    expect(told()).toMatchObject({ version: 3, timing: { everySeconds: 1_800, jitterSeconds: 60 } });
  });

  it('set again as it is stays the one that it is', async () => {
    const { setAt } = (await patch({ interval: '1h' })).body.schedule;
    const again = await patch({ interval: '1h' });
    expect(again.body.schedule.setAt).toBe(setAt);
    expect(told()?.version).toBe(1);
    await api.call('patch', `/v1/apps/${appId}`, { body: { name: 'Another name' } });
    expect((await sheet()).schedule).toMatchObject({ interval: '1h', setAt });
    expect(told()?.version).toBe(1);
  });

  it.each<[string, unknown, string, RegExp]>([
    ['a cron in words', { cron: 'whenever' }, 'body.schedule.cron', /five fields/],
    ['a cron out of range', { cron: '61 6 * * *' }, 'body.schedule.cron', /out of its range/],
    ['a cron with seconds', { cron: '0 0 6 * * *' }, 'body.schedule.cron', /five fields/],
    ['a day that never comes', { cron: '0 0 31 2 *' }, 'body.schedule.cron', /never comes/],
    ['an empty cron', { cron: ' ' }, 'body.schedule.cron', /five fields/],
    ['a zone of nowhere', { cron: '0 6 * * *', timeZone: 'Mars/Crater' }, 'body.schedule.timeZone', /IANA/],
    ['an offset', { cron: '0 6 * * *', timeZone: '+02:00' }, 'body.schedule.timeZone', /IANA/],
    ['seconds apart', { interval: '30s' }, 'body.schedule.interval', /at least one minute/],
    ['nothing apart', { interval: 0 }, 'body.schedule.interval', /at least one minute|Must be a time/],
    ['an interval in words', { interval: 'soon' }, 'body.schedule.interval', /Must be a time/],
    ['years apart', { interval: '9999d' }, 'body.schedule.interval', /at most 366 days/],
    ['more jitter than interval', { interval: '5m', jitter: '1h' }, 'body.schedule.jitter', /shorter/],
    ['both', { interval: '1h', cron: '0 6 * * *' }, 'body.schedule', /not both/],
    ['neither', {}, 'body.schedule', /either an `interval` or a `cron`/],
    ['a jitter alone', { jitter: '1m' }, 'body.schedule', /either an `interval` or a `cron`/],
    ['no objects', { interval: '1h', objects: [] }, 'body.schedule.objects', /at least one object/],
    ['a misspelt field', { intervall: '1h' }, 'body.schedule.intervall', /not known/],
    ['a word', 'hourly', 'body.schedule', /./],
  ])('is refused as %s, with where and why', async (_name, schedule, path, message) => {
    const { status, body, headers } = await patch(schedule);
    expect(headers['content-type']).toContain('application/problem+json');
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid_request' });
    expect(body.issues).toContainEqual({ path, message: expect.stringMatching(message) });
    expect(body.detail).toContain('Nothing was');
    expect((await sheet()).schedule).toBeNull();
    expect(told()).toBeUndefined();
  });

  it('that is refused leaves the one before as it was', async () => {
    await patch({ interval: '1h' });
    expect((await patch({ interval: '1s' })).status).toBe(400);
    expect((await patch({ cron: 'x' })).status).toBe(400);
    expect((await sheet()).schedule).toMatchObject({ interval: '1h', everySeconds: 3_600 });
    expect(told()?.version).toBe(1);
  });

  it('is refused where the provider cannot sync, and for objects out of scope', async () => {
    const files = await api.newApp({ providerId: 'files' });
    const { status, body } = await patch({ interval: '1h' }, files);
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'action_not_supported' });
    expect(body.detail).toMatch(/does not offer sync.*Nothing was changed/);
    expect(api.gateway.schedules.has(files)).toBe(false);
    expect((await patch(null, files)).status).toBe(200);
    const outside = await patch({ interval: '1h', objects: ['accounts'] });
    expect(outside.body).toMatchObject({ status: 422, code: 'object_out_of_scope', objects: ['accounts'] });
    expect(told()).toBeUndefined();
  });

  it('is an admin of the workspace who sets it', async () => {
    expect((await patch({ interval: '1h' }, appId, await api.newKey('operator'))).status).toBe(403);
    expect((await patch({ interval: '1h' }, uuid())).status).toBe(404);
    expect((await sheet()).schedule).toBeNull();
    expect((await patch({ interval: '1h' }, appId, await api.newKey('admin'))).status).toBe(200);
  });

  it('ends with null, as often as one likes', async () => {
    await patch({ interval: '1h' });
    expect((await patch(null)).body.schedule).toBeNull();
    expect(told()).toBeUndefined();
    expect((await patch(null)).status).toBe(200);
    expect((await sheet()).schedule).toBeNull();
    await patch({ cron: '@daily' });
    expect(told()).toMatchObject({ version: 3, timing: { cron: '@daily' } });
  });

  it('goes with the app', async () => {
    await patch({ interval: '1h' });
    expect(told()).toBeDefined();
    expect((await api.call('delete', `/v1/apps/${appId}`)).status).toBe(204);
    expect(told()).toBeUndefined();
    expect((await patch({ interval: '1h' })).status).toBe(404);
  });

  it('is kept while Temporal is away, and says so', async () => {
    api.gateway.away = new Error('no route to host');
    try {
      const { status, body } = await patch({ interval: '1h' });
      expect(status).toBe(200);
      expect(body.schedule).toMatchObject({ interval: '1h', pending: true, nextAt: null });
      expect((await sheet()).schedule).toMatchObject({ pending: true, nextAt: null });
    } finally {
      api.gateway.away = null;
    }
    expect(await api.store.apps.get('default', appId)).toMatchObject({ schedulePending: true });
    await patch({ interval: '2h' });
    expect((await sheet()).schedule).toMatchObject({ interval: '2h', nextAt: NEXT_DUE });
    expect((await sheet()).schedule).not.toHaveProperty('pending');
    expect(told()).toMatchObject({ version: 2, timing: { everySeconds: 7_200 } });
  });
});
