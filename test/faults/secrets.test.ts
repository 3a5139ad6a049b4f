import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { startRadicale, type Radicale } from '../../local/lab.js';
import {
  canary,
  documents,
  found,
  histories,
  logs,
  unique,
  type Canary,
  type Place,
} from './support/canaries.js';
import { enter, IN_TIME, type House } from './support/house.js';
import { accept, csv, importOf, insist, untilEnded, untilRests } from './support/people.js';

const BOOK = `<?xml version="1.0" encoding="utf-8"?>
<mkcol xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><set><prop>
<resourcetype><collection/><C:addressbook/></resourcetype><displayname>Friends</displayname>
</prop></set></mkcol>`;

describe('secrets stay secret, and records stay out of histories and logs', () => {
  const username = unique('user');
  const password = unique('password');
  const wrong = unique('wrong-password');
  const changed = unique('changed-password');
  const person = unique('person');
  const secrets: Canary[] = [
    canary('the password', password),
    canary('a wrong password', wrong),
    canary('the changed password', changed),
    canary('the basic header', `${username}:${password}`),
  ];
  /** Every answer that any client of this file got, but those that show a new key on purpose. */
  const answers: Place[] = [];
  const plainFetch = globalThis.fetch;
  let house: House;
  let radicale: Radicale;

  beforeAll(async () => {
    house = await enter();
    radicale = await serve(password);
    const book = `${radicale.url}/${username}/book/`;
    await dav('MKCOL', book, BOOK);
    const card = ['BEGIN:VCARD', 'VERSION:3.0', 'UID:u1', `FN:${person}`, 'END:VCARD', ''].join('\r\n');
    await dav('PUT', `${book}u1.vcf`, card);
    globalThis.fetch = async (input, init) => {
      const answer = await plainFetch(input, init);
      const url = input instanceof Request ? input.url : String(input);
      answers.push({ name: `answer of ${init?.method ?? 'GET'} ${url}`, text: await answer.clone().text() });
      return answer;
    };
  }, IN_TIME);
  afterAll(async () => {
    globalThis.fetch = plainFetch;
    await radicale.stop();
    await house.leave();
  }, IN_TIME);

  const serve = (withPassword: string, port?: number): Promise<Radicale> =>
    startRadicale({
      dir: path.join(house.stack.home, '..', 'radicale'),
      users: [{ name: username, password: withPassword }],
      ...(port === undefined ? {} : { port }),
    });
  async function dav(method: string, url: string, body: string): Promise<void> {
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const answer = await plainFetch(url, { method, body, headers: { authorization } });
    if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status}`);
  }
  const anyAnswer = (method: string, url: string, body?: unknown) =>
    house.api.raw(method, url, {
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  it('through installing, a wrong password, a run, a changed password, a failure and a new check', async () => {
    const { api, stack } = house;
    const settings = { url: radicale.url };
    const { appId } = await api.post<{ appId: string }>('/v1/apps', {
      ...{ providerId: 'carddav', settings, credentials: { username, password: wrong } },
    });
    const app = `/v1/apps/${appId}`;
    expect(await api.post(`${app}/check`)).toMatchObject({ status: 'needs_attention' });
    expect(await api.put(`${app}/credentials`, { username, password })).toMatchObject({ status: 'ready' });
    const objects = ['contacts'];
    const { runId } = await insist(api, `${app}/runs`, { kind: 'import', objects, review: 'each_object' });
    await untilRests(api, String(runId));
    await accept(api, String(runId));
    expect(await untilEnded(api, String(runId))).toMatchObject({
      status: 'completed',
      counts: { created: 1 },
    });

    const { port } = new URL(radicale.url);
    await radicale.stop();
    radicale = await serve(changed, Number(port));
    const second = await insist(api, `${app}/runs`, { kind: 'import', objects });
    const refused = await untilRests(api, String(second['runId']));
    expect(refused).toMatchObject({ status: 'failed', lastError: { code: 'credentials_rejected' } });
    expect(await api.post(`${app}/check`)).toMatchObject({ status: 'needs_attention' });
    expect(await api.put(`${app}/credentials`, { username, password: changed })).toMatchObject({
      status: 'ready',
    });
    const third = await insist(api, `${app}/runs`, { kind: 'import', objects });
    expect(await untilEnded(api, String(third['runId']))).toMatchObject({ status: 'completed' });

    // Requests that are refused, and a body that is no object: what was sent must not come back either.
    await anyAnswer('PUT', `${app}/credentials`, { username, password, more: password });
    await anyAnswer('PUT', `${app}/credentials`, password);
    await anyAnswer('POST', '/v1/apps', { providerId: 'carddav', credentials: { password } });
    const file = await importOf(api, [
      { id: '1', name: person, email: 'one@canaries.example', city: 'Lyon' },
    ]);
    await untilEnded(api, file.runId);
    await api.upload(`/v1/apps/${file.appId}/files?object=contacts&name=x.csv`, csv([]), 'text/csv');
    const key = await plainFetch(`${stack.apiUrl}/v1/keys`, {
      method: 'POST',
      headers: { authorization: `Bearer ${stack.adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'A key', role: 'viewer' }),
    });
    const made = String(((await key.json()) as { key: unknown }).key);
    for (const url of ['', '/runs', `/files`].map((end) => `${app}${end}`)) await anyAnswer('GET', url);
    for (const end of ['', '/problems', '/changes', '/checklist', '/backup', '/events']) {
      await anyAnswer('GET', `/v1/runs/${String(second['runId'])}${end}`);
    }
    for (const url of [
      '/v1/audit',
      '/v1/keys',
      '/v1/apps',
      '/v1/records',
      '/metrics',
      '/readyz',
      '/openapi.json',
    ]) {
      await anyAnswer('GET', url);
    }

    const own = [
      canary('the made key', made),
      canary('the admin key', stack.adminKey),
      canary('the sealing key', (await readFile(path.join(stack.home, 'secret.key'), 'utf8')).trim()),
    ];
    const all = [...secrets, ...own];
    const { temporalAddress: address, temporalNamespace: namespace } = stack;
    const client = new Client({ connection: await Connection.connect({ address }), namespace });
    const past = await histories(client);
    await client.connection.close();
    const written = await logs(stack.home);
    const stored = await documents(stack.mongodbUri);
    // Without these the search would find nothing because it looked at nothing.
    const places = found(past, [canary('its id', String(runId))]);
    expect(places.some((place) => place.includes(`importWorkflow app:default:${appId}`))).toBe(true);
    expect(written.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['log api.log', 'log worker.log']),
    );
    expect(found(stored, [canary('the person', person)])).not.toEqual([]);
    expect(found(answers, [canary('the person', person)])).not.toEqual([]);

    expect(found([...past, ...written, ...stored, ...answers], all)).toEqual([]);
    expect(
      found([...past, ...written], [canary('the person', person), canary('the user', username)]),
    ).toEqual([]);
  }, 300_000);

  it('would be found if they were there', async () => {
    const places = ['in clear: ', 'x', 'xy', 'xyz'].flatMap((before) => [
      { name: 'clear', text: `${before}${password}` },
      { name: 'base64', text: Buffer.from(`${before}${password}!`).toString('base64') },
    ]);
    expect(found(places, [canary('it', password)])).toHaveLength(places.length);
    await writeFile(path.join(house.stack.home, 'logs', 'lie.log'), password);
    expect(found(await logs(house.stack.home), [canary('it', password)])).toEqual(['it in log lie.log']);
  });
});
