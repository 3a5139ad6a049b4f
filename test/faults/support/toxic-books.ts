import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startRadicale } from '../../../local/lab.js';
import type { Body, RunBody } from '../../../local/api-client.js';
import { rests } from '../../../local/api-client.js';
import { enter, IN_TIME, type Desk } from '../../e2e/support/desk.js';
import { ownFolder } from '../../local/support/lab-folder.js';
import { startToxicProxy, type Asked, type Toxin, type ToxicProxy } from './toxic-proxy.js';

/** Cards of a book: one page of 50 that is always well, and a short one that meets the trouble. */
export const CARDS = 64;
export const FIRST_PAGE = 50;

const USER = { name: 'ann', password: 'pass-a' };

/** A book of its own for one import, at a true server behind the proxy. */
export interface ToxicBook {
  appId: string;
  /** Its place at the proxy. */
  place: string;
  poison(toxin: Toxin): void;
  /** Starts the import; the toxin should be laid by then. */
  start(): Promise<string>;
  until(runId: string, isWanted: (run: RunBody) => boolean): Promise<RunBody>;
  /** Starts an import and waits until it rests. */
  importAll(): Promise<RunBody>;
  /** External ids of what is in the store, sorted. */
  stored(): Promise<string[]>;
  check(): Promise<Body>;
  sheet(): Promise<Body>;
}

export interface ToxicHouse {
  desk: Desk;
  proxy: ToxicProxy;
  book(name: string): Promise<ToxicBook>;
  leave(): Promise<void>;
}

export const basic = (name: string, password: string): string =>
  `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;

export const uidOf = (book: string, n: number): string => `${book}-${String(n).padStart(3, '0')}`;

export const allOf = (book: string): string[] => Array.from({ length: CARDS }, (_, n) => uidOf(book, n));

/** A request for bodies of the second page: the preflight and the first page never make it. */
export const secondPage = ({ method, body }: Asked): boolean =>
  method === 'REPORT' && body.includes(`c${String(FIRST_PAGE).padStart(3, '0')}.vcf`);

function cardOf(book: string, n: number): string {
  const uid = uidOf(book, n);
  return `BEGIN:VCARD\r\nVERSION:3.0\r\nUID:${uid}\r\nFN:Person ${uid}\r\nEMAIL:${uid}@books.example\r\nEND:VCARD\r\n`;
}

export async function enterBooks(): Promise<ToxicHouse> {
  const { folder, remove } = await ownFolder();
  const [desk, server] = await Promise.all([
    // Short, so that silence is met soon; not so short that a busy machine is taken for silence.
    enter({ PROVIDER_TIMEOUT_MS: '4000', PROVIDER_MAX_RESPONSE_BYTES: String(256 * 1024) }),
    startRadicale({ dir: folder, users: [USER] }),
  ]);
  const authorization = basic(USER.name, USER.password);
  const proxy = await startToxicProxy(server.url, authorization);

  async function fill(name: string): Promise<void> {
    const at = path.join(folder, 'collections', 'collection-root', USER.name, name);
    await mkdir(at, { recursive: true });
    await writeFile(path.join(at, '.Radicale.props'), '{"tag":"VADDRESSBOOK"}');
    await Promise.all(
      allOf(name).map((_, n) =>
        writeFile(path.join(at, `c${String(n).padStart(3, '0')}.vcf`), cardOf(name, n)),
      ),
    );
  }

  return {
    desk,
    proxy,
    async book(name) {
      await fill(name);
      const place = `/${USER.name}/${name}/`;
      const appId = await desk.install({
        providerId: 'carddav',
        settings: { url: `${proxy.url}${place}` },
        credentials: { username: USER.name, password: USER.password },
        scope: ['contacts'],
      });
      return bookOf(desk, proxy, appId, place);
    },
    async leave() {
      await Promise.all([desk.leave(), server.stop(), proxy.close()]);
      await remove();
    },
  };
}

function bookOf(desk: Desk, proxy: ToxicProxy, appId: string, place: string): ToxicBook {
  const { api } = desk;
  const until: ToxicBook['until'] = (runId, isWanted) => api.untilRun(runId, isWanted, { withinMs: IN_TIME });
  const start: ToxicBook['start'] = async () =>
    (await api.post<RunBody>(`/v1/apps/${appId}/runs`, { kind: 'import', review: 'none' })).runId;
  return {
    appId,
    place,
    poison: (toxin) => proxy.poison(place, toxin),
    start,
    until,
    importAll: async () => until(await start(), rests),
    stored: async () =>
      (await desk.records('contacts', appId))
        .flatMap(({ links }) => links.map((link) => link.externalId))
        .sort(),
    check: () => api.post(`/v1/apps/${appId}/check`),
    sheet: () => api.get(`/v1/apps/${appId}`),
  };
}
