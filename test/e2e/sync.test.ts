import path from 'node:path';
import { rests, type Body, type RunBody } from '../../local/api-client.js';
import { startRadicale, type Radicale } from '../../local/lab.js';
import { ownFolder } from '../local/support/lab-folder.js';
import { enter, IN_TIME, type Desk } from './support/desk.js';

const NEW_BOOK = `<?xml version="1.0"?>
<mkcol xmlns="DAV:" xmlns:card="urn:ietf:params:xml:ns:carddav"><set><prop>
<resourcetype><collection/><card:addressbook/></resourcetype></prop></set></mkcol>`;

const card = (n: number, title = 'Buyer'): string =>
  ['BEGIN:VCARD', 'VERSION:3.0', `UID:c${n}`, `FN:Card ${n}`, `TITLE:${title}`, 'END:VCARD', ''].join('\r\n');

/** What is kept up to date with a real CardDAV server, over HTTP. Its tests build on each other, as the life of an app does. */
describe('an address book that is kept up to date', () => {
  let desk: Desk;
  let remove: () => Promise<void>;
  let server: Radicale;
  let appId: string;
  beforeAll(async () => {
    const own = await ownFolder();
    remove = own.remove;
    const users = ['ann', 'ben'].map((name) => ({ name, password: `pass-${name}` }));
    [desk, server] = await Promise.all([
      enter(),
      startRadicale({ dir: path.join(own.folder, 'plain'), users }),
    ]);
    await dav('MKCOL', '/ann/book/', NEW_BOOK);
    for (let n = 0; n < 12; n += 1) await put(n);
    appId = await install();
  }, IN_TIME);
  afterAll(async () => {
    await Promise.all([desk.leave(), server.stop()]);
    await remove();
  }, IN_TIME);

  const dav = (method: string, at: string, body?: string, user = 'ann'): Promise<Response> =>
    fetch(`${server.url}${at}`, {
      ...{ method, ...(body === undefined ? {} : { body }) },
      headers: { authorization: `Basic ${Buffer.from(`${user}:pass-${user}`).toString('base64')}` },
    });
  const put = (n: number, title?: string): Promise<Response> =>
    dav('PUT', `/ann/book/c${n}.vcf`, card(n, title));
  const gone = (n: number): Promise<Response> => dav('DELETE', `/ann/book/c${n}.vcf`);
  const install = async (username = 'ann'): Promise<string> => {
    const body = { providerId: 'carddav', settings: { url: server.url }, scope: ['contacts'] };
    const id = await desk.install(body);
    await desk.api.put(`/v1/apps/${id}/credentials`, { username, password: `pass-${username}` });
    return id;
  };
  const run = async (app: string, body: Body): Promise<RunBody> => {
    const { runId } = await desk.api.post<{ runId: string }>(`/v1/apps/${app}/runs`, body);
    return desk.api.untilRun(runId, rests);
  };
  const sync = (): Promise<RunBody> => run(appId, { kind: 'sync' });
  const accept = async ({ runId }: RunBody, confirmed: string[]): Promise<RunBody> => {
    await desk.api.post(`/v1/runs/${runId}/review`, { object: 'contacts', decision: 'accept', confirmed });
    return desk.api.untilRun(runId, ({ status }) => status === 'completed');
  };
  const theCard = async (n: number): Promise<Body> => {
    const found = await desk.api.get<{ items: Body[] }>(
      `/v1/records?object=contacts&appId=${appId}&externalId=c${n}`,
    );
    expect(found.items).toHaveLength(1);
    return found.items[0] ?? {};
  };
  const sheet = (): Promise<Body> => desk.api.get(`/v1/apps/${appId}`);

  it(
    'brings exactly what changed since the import that was accepted',
    async () => {
      const first = await run(appId, { kind: 'import' });
      expect(first.attention).toMatchObject({ reason: 'review', object: 'contacts' });
      expect(await accept(first, ['sample_seen', 'account_seen'])).toMatchObject({ status: 'completed' });
      expect(await sheet()).toMatchObject({
        actions: { sync: { available: true } },
        bookmarks: { contacts: { at: expect.any(String) as string } },
        lastSyncedAt: null,
      });

      expect(await sync()).toMatchObject({ status: 'completed', counts: { fetched: 0 } });
      expect((await sheet())['lastSyncedAt']).toEqual(expect.any(String));

      await Promise.all([put(1, 'Head of purchasing'), put(20), gone(2)]);
      const second = await sync();
      expect(second).toMatchObject({
        ...{ status: 'completed', kind: 'sync', booksClosed: true },
        counts: { fetched: 3, created: 1, updated: 1, deleted: 1, unchanged: 0, failed: 0, skipped: 0 },
      });
      expect(await theCard(1)).toMatchObject({ fields: { title: 'Head of purchasing' } });
      expect((await theCard(2))['archivedAt']).toEqual(expect.any(String));

      await put(2);
      expect(await sync()).toMatchObject({ counts: { fetched: 1, updated: 1 } });
      expect((await theCard(2))['archivedAt']).toBeNull();
    },
    IN_TIME,
  );

  it(
    'brings again what an undone sync brought',
    async () => {
      await put(3, 'Chair');
      const { runId } = await sync();
      expect(await theCard(3)).toMatchObject({ fields: { title: 'Chair' } });
      await desk.api.post(`/v1/runs/${runId}/cleanup`, { mode: 'undo', note: 'Too early.' });
      await desk.api.untilRun(runId, ({ cleanup }) => cleanup?.state === 'done');
      expect(await theCard(3)).toMatchObject({ fields: { title: 'Buyer' } });
      expect(await sync()).toMatchObject({ counts: { fetched: 1, updated: 1 } });
      expect(await theCard(3)).toMatchObject({ fields: { title: 'Chair' } });
    },
    IN_TIME,
  );

  it(
    'asks before it takes most of the book for gone',
    async () => {
      for (let n = 0; n < 12; n += 1) await gone(n);
      const asked = await sync();
      expect(asked).toMatchObject({ status: 'needs_attention', attention: { code: 'breaker_deleted' } });
      expect(asked.counts).toMatchObject({ deleted: 0 });
      expect((await theCard(5))['archivedAt']).toBeNull();
      const { questionId } = asked.attention as unknown as { questionId: string };
      await desk.api.post(`/v1/runs/${asked.runId}/answer`, { questionId, choice: 'resume' });
      const moved = await desk.api.untilRun(asked.runId, (now) => rests(now) && now.counts['deleted'] === 12);
      const ended = moved.status === 'completed' ? moved : await accept(moved, ['sample_seen']);
      expect(ended).toMatchObject({ status: 'completed', counts: { fetched: 12, deleted: 12 } });
      expect((await theCard(5))['archivedAt']).toEqual(expect.any(String));
    },
    IN_TIME,
  );

  it(
    'may be the first thing an app does, and is looked at then',
    async () => {
      await dav('MKCOL', '/ben/book/', NEW_BOOK, 'ben');
      await dav('PUT', '/ben/book/c90.vcf', card(90), 'ben');
      const other = await install('ben');
      const said = await desk.api.post(`/v1/apps/${other}/preflight`, { kind: 'sync' });
      expect(said).toMatchObject({ blockers: [], sentence: expect.stringMatching(/\w+/) as string });
      const first = await run(other, { kind: 'sync' });
      expect(first).toMatchObject({
        attention: { reason: 'review', object: 'contacts' },
        counts: { fetched: 1 },
      });
      expect(await accept(first, ['sample_seen', 'account_seen'])).toMatchObject({ status: 'completed' });
      const quiet = await run(other, { kind: 'sync' });
      expect(quiet).toMatchObject({ status: 'completed', counts: { fetched: 0 } });
    },
    IN_TIME,
  );

  it('runs by itself where it has a schedule, and says what is wrong with one', async () => {
    const patch = (schedule: unknown): Promise<{ status: number; body: Body }> =>
      desk.api.raw('PATCH', `/v1/apps/${appId}`, {
        body: JSON.stringify({ schedule }),
        headers: { 'content-type': 'application/json' },
      });
    for (const wrong of [
      { interval: '3s' },
      { cron: 'whenever' },
      { interval: '1h', timeZone: 'Mars/Crater' },
    ])
      expect((await patch(wrong)).status).toBeGreaterThanOrEqual(400);
    expect((await sheet())['schedule']).toBeNull();
    expect((await patch({ interval: '1h' })).status).toBe(200);
    expect((await sheet())['schedule']).toMatchObject({
      interval: '1h',
      nextAt: expect.any(String) as string,
    });
    expect((await patch(null)).status).toBe(200);
    expect((await sheet())['schedule']).toBeNull();
  });
});
