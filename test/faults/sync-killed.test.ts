import { mkdir, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { rests, type Body, type RunBody } from '../../local/api-client.js';
import { startRadicale, type Radicale } from '../../local/lab.js';
import { ownFolder } from '../local/support/lab-folder.js';
import { enter, IN_TIME, until, type House } from './support/house.js';
import { expectBooks, insist, recordsOf } from './support/people.js';
import { startToxicProxy, type Asked, type ToxicProxy } from './support/toxic-proxy.js';

const USER = { name: 'ann', password: 'pass-a' };
const AUTHORIZATION = `Basic ${Buffer.from(`${USER.name}:${USER.password}`).toString('base64')}`;
const CARDS = 60;

const idsFrom = (from: number, count: number): number[] => Array.from({ length: count }, (_, n) => from + n);

const asksForChanges = ({ method, body }: Asked): boolean =>
  method === 'REPORT' && body.includes('sync-collection');

/** A listing may be asked for by the same report, without a token. */
const namesToken = (asked: Asked): boolean => asksForChanges(asked) && /sync-token>[^<\s]/.test(asked.body);

/** Promise: a sync that is killed wherever it stands ends as if nothing had happened, and waits on where it waited. */
describe('a sync whose worker is killed', () => {
  let house: House;
  let server: Radicale;
  let proxy: ToxicProxy;
  let folder: string;
  let remove: () => Promise<void>;
  beforeAll(async () => {
    ({ folder, remove } = await ownFolder());
    [house, server] = await Promise.all([enter(), startRadicale({ dir: folder, users: [USER] })]);
    proxy = await startToxicProxy(server.url, AUTHORIZATION);
  }, IN_TIME);
  afterAll(async () => {
    await Promise.all([house.leave(), server.stop(), proxy.close()]);
    await remove();
  }, IN_TIME);

  /** A book that was imported and accepted, and what its cards say by now. */
  async function imported(name: string) {
    const at = path.join(folder, 'collections', 'collection-root', USER.name, name);
    const place = `/${USER.name}/${name}/`;
    const titles = new Map<string, string>();
    const put = async (n: number, title: string): Promise<void> => {
      const id = `${name}-${String(n).padStart(3, '0')}`;
      titles.set(id, title);
      const lines = ['BEGIN:VCARD', 'VERSION:3.0', `UID:${id}`, `FN:Card ${id}`, `TITLE:${title}`];
      await writeFile(path.join(at, `${id}.vcf`), [...lines, 'END:VCARD', ''].join('\r\n'));
    };
    const gone = async (n: number): Promise<void> => {
      const id = `${name}-${String(n).padStart(3, '0')}`;
      titles.delete(id);
      await unlink(path.join(at, `${id}.vcf`));
    };
    await mkdir(at, { recursive: true });
    await writeFile(path.join(at, '.Radicale.props'), '{"tag":"VADDRESSBOOK"}');
    await Promise.all(idsFrom(0, CARDS).map((n) => put(n, 'Buyer')));
    const { appId } = await house.api.post<{ appId: string }>('/v1/apps', {
      providerId: 'carddav',
      settings: { url: `${proxy.url}${place}` },
      credentials: { username: USER.name, password: USER.password },
      scope: ['contacts'],
    });
    const start = async (kind: 'import' | 'sync'): Promise<string> =>
      String((await insist(house.api, `/v1/apps/${appId}/runs`, { kind, review: 'none' }))['runId']);
    const ended = (runId: string): Promise<RunBody> =>
      house.api.untilRun(runId, rests, { withinMs: IN_TIME });
    expect(await ended(await start('import'))).toMatchObject({
      ...{ status: 'completed', counts: { created: CARDS } },
    });

    /** Everything that is at the provider, once, as it is there; nothing of what is not. */
    const expectSame = async (): Promise<void> => {
      const records = await recordsOf(house.api, appId);
      const alive = records.filter((record) => (record as { archivedAt?: unknown }).archivedAt === null);
      const said = alive.map(({ fields, links }) => [links[0]?.externalId, fields['title']]);
      expect(said.sort()).toEqual([...titles].sort());
    };
    return { place, put, gone, start, ended, expectSame };
  }

  it(
    'reads the changes again that were not stored, and writes each once',
    async () => {
      const book = await imported('changes');
      await Promise.all(idsFrom(0, 20).map((n) => book.put(n, 'Head of purchasing')));
      await Promise.all([...idsFrom(30, 4).map(book.gone), book.put(90, 'New')]);
      await house.lay([
        { op: 'pages.stage', when: 'uncommitted' },
        { op: 'pages.stage', when: 'after' },
        { op: 'pages.apply', when: 'uncommitted' },
      ]);
      const run = await book.ended(await book.start('sync'));
      await house.struck();
      expect(run).toMatchObject({ status: 'completed', kind: 'sync' });
      expectBooks(run, { created: 1, updated: 20, deleted: 4 });
      await book.expectSame();
    },
    IN_TIME,
  );

  it(
    'looks for what is absent again, and takes nothing else for gone',
    async () => {
      const book = await imported('absence');
      await Promise.all([...idsFrom(10, 3).map(book.gone), book.put(20, 'Chair')]);
      // The server has forgotten what changed: a full listing is offered, and what it lacks is looked up.
      const body = '<?xml version="1.0"?><error xmlns="DAV:"><valid-sync-token/></error>';
      const headers = { 'content-type': 'application/xml' };
      proxy.poison(book.place, {
        strikes: namesToken,
        harm: { kind: 'instead', status: 403, headers, body },
      });
      const runId = await book.start('sync');
      const asked = await book.ended(runId);
      expect(asked.attention).toMatchObject({ code: 'cursor_expired' });
      await house.lay([
        { op: 'pages.stagedIds', when: 'after' },
        { op: 'pages.stage', when: 'uncommitted' },
        { op: 'pages.apply', when: 'after' },
      ]);
      const { questionId } = asked.attention as unknown as Body;
      await insist(house.api, `/v1/runs/${runId}/answer`, { questionId, choice: 'full_listing' });
      const run = await house.api.untilRun(runId, ({ status }) => status === 'completed', {
        withinMs: IN_TIME,
      });
      await house.struck();
      expectBooks(run, { updated: 1, unchanged: CARDS - 4, deleted: 3 });
      await book.expectSame();
    },
    IN_TIME,
  );

  it(
    'waits until the same moment after a kill and a redeploy, asks nobody meanwhile, and goes on by itself',
    async () => {
      const book = await imported('limit');
      await book.put(5, 'Chair');
      // Longer than a request waits by itself, so that the wait is the run's.
      const harm = { kind: 'instead', status: 429, headers: { 'retry-after': '30' } } as const;
      proxy.poison(book.place, { strikes: asksForChanges, times: 1, harm });
      const runId = await book.start('sync');
      const waits = (run: RunBody): boolean => run['waitingUntil'] !== undefined || rests(run);
      const first = await house.api.untilRun(runId, waits, { withinMs: IN_TIME });
      expect(first).toMatchObject({
        ...{ status: 'running', waitingCode: 'provider_rate_limited', attention: null, lastError: null },
      });
      const asked = proxy.asked(book.place);
      await house.kill('worker');
      const pid = house.stack.pid('worker');
      house.stack.kill('worker', 'SIGTERM');
      await house.stack.restarted('worker', pid, IN_TIME);
      const later = await house.api.get<RunBody>(`/v1/runs/${runId}`);
      if (Date.now() < Date.parse(String(first['waitingUntil']))) {
        expect(later).toMatchObject({
          ...{ status: 'running', waitingUntil: first['waitingUntil'], attention: null, lastError: null },
        });
        expect(proxy.asked(book.place)).toBe(asked);
      }
      const run = await book.ended(runId);
      expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(String(first['waitingUntil'])));
      expect(run).toMatchObject({ status: 'completed', lastError: null });
      expectBooks(run, { updated: 1 });
      await book.expectSame();
    },
    IN_TIME,
  );

  it(
    'is no failure while the provider is away, and ends once it is back',
    async () => {
      const book = await imported('away');
      await book.put(7, 'Chair');
      let away = true;
      const harm = { kind: 'instead', status: 503 } as const;
      proxy.poison(book.place, { strikes: () => away, harm });
      const runId = await book.start('sync');
      // Each try sends a request several times: this many are more than one try.
      await until('several tries', async () => proxy.struck(book.place) > 8);
      const waiting = await house.api.get<RunBody>(`/v1/runs/${runId}`);
      expect(['queued', 'preparing', 'running']).toContain(waiting.status);
      expect(waiting.attention).toBeNull();
      away = false;
      const run = await book.ended(runId);
      expect(run).toMatchObject({ status: 'completed' });
      expectBooks(run, { updated: 1 });
      await book.expectSame();
    },
    IN_TIME,
  );
});
