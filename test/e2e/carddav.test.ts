import { writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSilentServer, type AddressInfo, type Server as NetServer } from 'node:net';
import path from 'node:path';
import { rests, type Body, type RunBody } from '../../local/api-client.js';
import { startRadicale, type Radicale } from '../../local/lab.js';
import { ownFolder } from '../local/support/lab-folder.js';
import { selfSigned } from '../support/self-signed.js';
import { enter, IN_TIME, type Desk } from './support/desk.js';

type Check = {
  status: string;
  account: Body | null;
  objects: Body[];
  problems: { code: string; message: string }[];
};

const ANN = { username: 'ann', password: 'pass-a' };
const USERS = [
  { name: 'ann', password: 'pass-a' },
  { name: 'ben', password: 'canary-b' },
];

/** RFC 5689 and RFC 6352: a collection is made an address book as it is made. */
const NEW_BOOK = `<?xml version="1.0"?>
<mkcol xmlns="DAV:" xmlns:card="urn:ietf:params:xml:ns:carddav"><set><prop>
<resourcetype><collection/><card:addressbook/></resourcetype></prop></set></mkcol>`;

const card = (uid: string, name: string, ...more: string[]): string =>
  ['BEGIN:VCARD', 'VERSION:3.0', `UID:${uid}`, `FN:${name}`, ...more, 'END:VCARD', ''].join('\r\n');

/** A real CardDAV server, and hosts that are none, as an app meets them. */
describe('an address book', () => {
  let desk: Desk;
  let folder: string;
  let remove: () => Promise<void>;
  let server: Radicale;
  let secured: Radicale;
  const strange: (Server | NetServer)[] = [];
  beforeAll(async () => {
    ({ folder, remove } = await ownFolder());
    const tls = await selfSigned();
    [desk, server, secured] = await Promise.all([
      enter(),
      startRadicale({ dir: path.join(folder, 'plain'), users: USERS }),
      startRadicale({ dir: path.join(folder, 'tls'), users: USERS, tls }),
    ]);
  }, IN_TIME);
  afterAll(async () => {
    for (const each of strange) {
      if ('closeAllConnections' in each) each.closeAllConnections();
      each.close();
    }
    await Promise.all([desk.leave(), server.stop(), secured.stop()]);
    await remove();
  }, IN_TIME);

  const dav = (method: string, at: string, body: string): Promise<Response> =>
    fetch(`${server.url}${at}`, {
      ...{ method, body },
      headers: { authorization: `Basic ${Buffer.from('ann:pass-a').toString('base64')}` },
    });
  const install = (url: string): Promise<string> =>
    desk.install({ providerId: 'carddav', settings: { url } });
  const enterCredentials = (appId: string, credentials: Body): Promise<Check> =>
    desk.api.put<Check>(`/v1/apps/${appId}/credentials`, credentials);
  const serve = async (answer: RequestListener | null): Promise<string> => {
    const own = answer ? createServer(answer) : createSilentServer();
    strange.push(own);
    await new Promise<void>((resolve) => own.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(own.address() as AddressInfo).port}`;
  };

  it(
    'is found from a bare host, imported behind the gate with its organizations, and says which cards it could not take',
    async () => {
      await dav('MKCOL', '/ann/book/', NEW_BOOK);
      for (let n = 0; n < 6; n += 1) {
        await dav('PUT', `/ann/book/${n}.vcf`, card(`c${n}`, `Card ${n}`, `ORG:Org ${n % 2}`));
      }
      const book = path.join(folder, 'plain', 'collections', 'collection-root', 'ann', 'book');
      await writeFile(path.join(book, 'bad.vcf'), card('bad', 'Bad', 'BDAY:yesterday'));

      const appId = await install(server.url.replace('http://', ''));
      const app = `/v1/apps/${appId}`;
      const start = await desk.api.raw('POST', `${app}/runs`, {
        body: '{"kind":"import"}',
        headers: { 'content-type': 'application/json' },
      });
      expect(start).toMatchObject({ status: 409, body: { code: 'connection_not_ready' } });
      const wrong = await enterCredentials(appId, { ...ANN, password: 'canary-wrong' });
      expect(wrong).toMatchObject({
        status: 'needs_attention',
        problems: [{ code: 'credentials_rejected' }],
      });
      const ready = await enterCredentials(appId, ANN);
      expect(ready).toMatchObject({
        ...{ status: 'ready', account: { name: 'ann' }, problems: [] },
        objects: [
          { object: 'accounts', granted: true },
          { object: 'contacts', granted: true, total: 7 },
        ],
      });
      const sheet = await desk.api.raw('GET', app);
      expect(sheet.body).toMatchObject({ runtimeStatus: 'ready', credentials: { by: { name: 'Owner' } } });
      expect(sheet.text).not.toMatch(/pass-a|canary/);

      let run = await desk.importOf(appId);
      for (const object of ['accounts', 'contacts']) {
        expect(run.attention).toMatchObject({ reason: 'review', object });
        await desk.api.post(`/v1/runs/${run.runId}/review`, {
          ...{ object, decision: 'accept', confirmed: ['sample_seen', 'account_seen'] },
        });
        run = await desk.api.untilRun(
          run.runId,
          (now: RunBody) => rests(now) && now.attention?.object !== object,
        );
      }
      expect(run).toMatchObject({ status: 'completed', reviewState: 'accepted', booksClosed: true });
      expect(run.objects[1]).toMatchObject({ counts: { fetched: 7, created: 6, failed: 1 } });
      expect(await desk.problems(run.runId)).toMatchObject([
        { externalId: 'bad', code: 'value_invalid', field: 'birthday', value: 'yesterday' },
      ]);
      const [first] = await desk.records('contacts', appId);
      expect(first?.relations['account']).toMatchObject({ externalId: 'org 0', resolved: true });
      const again = await desk.importOf(appId, { review: 'none' });
      expect(again.counts).toMatchObject({ created: 0, updated: 0, unchanged: 8 });

      await desk.api.patch(app, { settings: { url: `${server.url}/ann/` } });
      expect(await desk.api.get(app)).toMatchObject({
        ...{ credentials: null, runtimeStatus: 'not_configured', connection: { status: 'not_connected' } },
      });
    },
    IN_TIME,
  );

  it(
    'that cannot be had is a precise problem within 30 s, whatever the host does',
    async () => {
      let hops = 0;
      const hosts: [string, string, RegExp][] = [
        [await serve(null), 'timeout', /did not answer within/],
        [secured.url, 'certificate_invalid', /self-signed/],
        [`${server.url}/ben/`, 'permission_missing', /does not allow/],
        [`${server.url}/ann/gone/`, 'provider_object_gone', /nothing at \/ann\/gone\//],
        [
          await serve((_, to) => to.setHeader('content-type', 'text/html').end('<html>')),
          'provider_contract_broken',
          /web page/,
        ],
        [
          await serve((_, to) => to.writeHead(302, { location: `/${(hops += 1)}` }).end()),
          'provider_contract_broken',
          /circle|more than/,
        ],
        [
          await serve((_, to) => to.writeHead(207, { 'content-type': 'text/xml' }).end('<multi')),
          'provider_contract_broken',
          /cut off/,
        ],
        ['http://127.0.0.1:1', 'provider_unavailable', /nothing listens/],
        ['http://no-such-host.invalid', 'provider_unavailable', /name is not known/],
      ];
      await Promise.all(
        hosts.map(async ([url, code, message]) => {
          const appId = await install(url);
          const from = Date.now();
          const check = await enterCredentials(appId, ANN);
          expect(Date.now() - from).toBeLessThan(30_000);
          expect(check).toMatchObject({ status: 'needs_attention', problems: [{ code }] });
          expect(check.problems[0]?.message).toMatch(message);
          expect(await desk.api.get(`/v1/apps/${appId}`)).toMatchObject({ runtimeStatus: 'needs_attention' });
        }),
      );
    },
    IN_TIME,
  );

  it(
    'that vanishes midway parks or fails the run with what to do, and keeps what was written',
    async () => {
      await dav('MKCOL', '/ann/second/', NEW_BOOK);
      await dav('PUT', '/ann/second/a.vcf', card('v1', 'Stays', 'ORG:Vanishing'));
      const appId = await install(`${server.url}/ann/second/`);
      await enterCredentials(appId, ANN);
      const run = await desk.importOf(appId);
      expect(run.attention).toMatchObject({ reason: 'review', object: 'accounts' });
      await dav('DELETE', '/ann/second/', '');
      await desk.api.post(`/v1/runs/${run.runId}/review`, {
        ...{ object: 'accounts', decision: 'accept', confirmed: ['sample_seen', 'account_seen'] },
      });
      const ended = await desk.api.untilRun(
        run.runId,
        (now) => rests(now) && now.attention?.object !== 'accounts',
      );
      const told = ended.attention ?? ended.lastError;
      expect(told?.message).toMatch(/\/ann\/second\//);
      expect(ended.booksClosed).toBe(true);
      expect(await desk.records('accounts', appId)).toHaveLength(1);
    },
    IN_TIME,
  );
});
