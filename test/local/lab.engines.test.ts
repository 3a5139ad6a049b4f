import path from 'node:path';
import { startRadicale } from '../../local/lab.js';
import { isAlive, ownFolder } from './support/lab-folder.js';
import { selfSigned } from '../support/self-signed.js';

const USERS = [
  { name: 'ann', password: 'pass-a' },
  { name: 'ben', password: 'pass-b' },
];

/** RFC 5689 and RFC 6352: a collection is made an address book as it is made. */
const NEW_BOOK = `<?xml version="1.0"?>
<mkcol xmlns="DAV:" xmlns:card="urn:ietf:params:xml:ns:carddav"><set><prop>
<resourcetype><collection/><card:addressbook/></resourcetype></prop></set></mkcol>`;

function ask(url: string, user: string, password: string, make = false): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const headers = { authorization, depth: '0' };
  return fetch(url, make ? { method: 'MKCOL', headers, body: NEW_BOOK } : { method: 'PROPFIND', headers });
}

describe('the CardDAV server of the lab', () => {
  let dir: string;
  let remove: () => Promise<void>;
  beforeEach(async () => ({ folder: dir, remove } = await ownFolder()));
  afterEach(() => remove());

  it('gives each user what is theirs, keeps it over a restart, and ends', async () => {
    const first = await startRadicale({ dir, users: USERS });
    expect((await ask(`${first.url}/ann/`, 'ann', 'pass-a')).status).toBe(207);
    expect((await ask(`${first.url}/ann/`, 'ann', 'wrong')).status).toBe(401);
    expect((await ask(`${first.url}/ann/`, 'ben', 'pass-b')).status).toBe(403);
    expect((await ask(`${first.url}/ann/book/`, 'ann', 'pass-a', true)).status).toBe(201);
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    const port = Number(new URL(first.url).port);
    const second = await startRadicale({ dir, users: USERS, port });
    expect(second.url).toBe(first.url);
    expect((await ask(`${second.url}/ann/book/`, 'ann', 'pass-a')).status).toBe(207);
    await second.stop();
  });

  it('serves HTTPS with a certificate that nobody vouches for', async () => {
    const tls = await selfSigned();
    const server = await startRadicale({ dir: path.join(dir, 'tls'), users: USERS, tls });
    expect(server.url).toMatch(/^https:/);
    await expect(ask(`${server.url}/`, 'ann', 'pass-a')).rejects.toMatchObject({
      cause: { code: expect.stringMatching(/SELF_SIGNED|UNABLE_TO_VERIFY/) },
    });
    await server.stop();
  });
});
