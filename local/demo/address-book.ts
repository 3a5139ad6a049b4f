import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import type { ApiClient } from '../api-client.js';
import { startRadicale } from '../lab.js';
import { acceptAll, showBooks } from './review.js';
import type { Say } from './say.js';
import { superstoreCsv } from './superstore.js';

const CARDS = 300;
const USER = { name: 'demo', password: 'demo-password' };

/** An address book on a real CardDAV server, filled with cards of the file's customers, then imported. */
export async function importAddressBook(api: ApiClient, say: Say, folder: string): Promise<void> {
  say.title(`An address book: ${CARDS} vCards from a CardDAV server (Radicale)`);
  const radicale = await startRadicale({ dir: join(folder, 'radicale'), users: [USER] });
  try {
    await fillBook(radicale.url);
    const { appId } = await api.post<{ appId: string }>('/v1/apps', {
      providerId: 'carddav',
      name: 'Address book',
      settings: { url: radicale.url },
      credentials: { username: USER.name, password: USER.password },
    });
    const check = await api.post(`/v1/apps/${appId}/check`);
    say.line(`   Connection: ${String(check['status'])}.`);
    const { runId } = await api.post<{ runId: string }>(`/v1/apps/${appId}/runs`, { kind: 'import' });
    showBooks(say, await acceptAll(api, say, runId));
  } finally {
    await radicale.stop();
  }
}

async function fillBook(url: string): Promise<void> {
  const authorization = `Basic ${Buffer.from(`${USER.name}:${USER.password}`).toString('base64')}`;
  const book = new URL(`/${USER.name}/contacts/`, url);
  await put(book, 'MKCOL', authorization, 'application/xml', MAKE_BOOK);
  const rows = parse<Record<string, string>>(await superstoreCsv(), { columns: true });
  const customers = new Map(rows.map((row) => [row['Customer ID'] ?? '', row]));
  const cards = [...customers].slice(0, CARDS);
  for (const [id, row] of cards) {
    await put(new URL(`${id}.vcf`, book), 'PUT', authorization, 'text/vcard; charset=utf-8', cardOf(id, row));
  }
}

const MAKE_BOOK = `<?xml version="1.0" encoding="utf-8"?>
<mkcol xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><set><prop>
<resourcetype><collection/><C:addressbook/></resourcetype><displayname>Customers</displayname>
</prop></set></mkcol>`;

function cardOf(id: string, row: Record<string, string>): string {
  const name = row['Customer Name'] ?? id;
  const [first = '', ...rest] = name.split(' ');
  const mail = `${name.toLowerCase().replace(/[^a-z]+/g, '.')}.${id.toLowerCase()}@customers.example`;
  return [
    'BEGIN:VCARD',
    'VERSION:3.0',
    `UID:${id}`,
    `FN:${name}`,
    `N:${rest.join(' ')};${first};;;`,
    `EMAIL;TYPE=WORK:${mail}`,
    `ORG:${row['Segment'] ?? ''} ${row['Region'] ?? ''}`,
    `ADR;TYPE=WORK:;;;${row['City'] ?? ''};${row['State'] ?? ''};${row['Postal Code'] ?? ''};US`,
    'END:VCARD',
    '',
  ].join('\r\n');
}

async function put(
  url: URL,
  method: string,
  authorization: string,
  type: string,
  body: string,
): Promise<void> {
  const answer = await fetch(url, { method, body, headers: { authorization, 'content-type': type } });
  if (!answer.ok) throw new Error(`${method} ${url.pathname} answered ${answer.status}.`);
}
