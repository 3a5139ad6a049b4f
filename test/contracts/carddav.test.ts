import { mkdir, mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { carddavProvider } from '../../activities/providers/carddav/provider.js';
import { startRadicale, type Radicale } from '../../local/lab.js';
import { serve, type LocalServer } from '../providers/local-server.js';
import { describeWhen } from '../support/describe-when.js';
import { connectionOf } from './opening.js';
import { describeProvider } from './provider.js';

const CARDS = 460;
const login = { username: 'ann', password: 'canary-of-ann' };

let dir = '';
let radicale: Radicale | undefined;
let silent: LocalServer | undefined;
let missing = '';
try {
  dir = await mkdtemp(join(tmpdir(), 'sluice-contract-'));
  radicale = await startRadicale({ dir, users: [{ name: login.username, password: login.password }] });
} catch (error) {
  missing = `Radicale could not be started: ${error instanceof Error ? error.message : String(error)}`;
}

describeWhen(radicale !== undefined, missing, 'CardDAV with Radicale', () => {
  const url = radicale?.url ?? '';
  const book = join(dir, 'collections', 'collection-root', login.username, 'book');
  afterAll(async () => {
    await Promise.all([radicale?.stop(), silent?.close()]);
    await rm(dir, { recursive: true, force: true });
  });

  /** What is there right now: the organization of each card. */
  const cards = new Map(Array.from({ length: CARDS }, (_, n) => [`c${n}`, `Corp ${n}`]));

  async function put(uid: string, organization: string): Promise<void> {
    cards.set(uid, organization);
    const card = ['BEGIN:VCARD', 'VERSION:4.0', `UID:${uid}`, `FN:Card ${uid}`, `ORG:${organization}`];
    await writeFile(join(book, `${uid}.vcf`), [...card, 'END:VCARD', ''].join('\r\n'));
  }
  async function remove(uid: string): Promise<void> {
    cards.delete(uid);
    await unlink(join(book, `${uid}.vcf`));
  }

  describeProvider('CardDAV', async () => {
    await mkdir(book, { recursive: true });
    await writeFile(join(book, '.Radicale.props'), '{"tag":"VADDRESSBOOK"}');
    await Promise.all([...cards].map(([uid, organization]) => put(uid, organization)));
    silent = await serve(() => undefined);
    const settings = { url: `${url}/ann/book/` };
    return {
      description: carddavProvider,
      account: { id: `${url}/ann/`, name: 'ann' },
      objects: [
        {
          object: 'contacts',
          // A short first page, and up to 500 cards on each after it.
          pages: 2,
          ids: () => [...cards.keys()],
          total: () => cards.size,
          async change() {
            await Promise.all([put('c7', 'Corp 7 renamed'), remove('c9')]);
            return { changed: 'c7', deleted: 'c9' };
          },
        },
        {
          object: 'accounts',
          // Fewer than 500 come on one page: they are drawn together from all cards.
          pages: 1,
          ids: () => [...cards.values()].map((name) => name.toLowerCase()),
          total: () => null,
          async change() {
            await Promise.all([put('c11', 'Corp 11 renamed'), remove('c13')]);
            return { changed: 'corp 11 renamed', deleted: 'corp 13' };
          },
        },
      ],
      open: (opening) => carddavProvider.open(connectionOf(settings, login, opening)),
      refused: {
        open: () => carddavProvider.open(connectionOf(settings, { ...login, password: 'wrong-canary' })),
        secrets: ['wrong-canary', Buffer.from('ann:wrong-canary').toString('base64')],
      },
      openStalled: () => carddavProvider.open(connectionOf({ url: silent?.url ?? '' }, login)),
    };
  });
});
