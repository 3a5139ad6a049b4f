import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  ProviderFailure,
  type ProviderDescription,
  type Session,
  type Since,
  type SourcePage,
} from '../../activities/providers/provider.js';
import { syncable } from '../../activities/providers/provider-sync.js';
import type { SourceRecord } from '../../activities/records/types.js';
import type { ObjectName } from '../../workflows/contract/objects.js';

/** How a session is opened by the suite, beside what the provider's own set-up decides. */
export interface Opening {
  limit?: number;
  /** Told of every request. */
  onRequest?: () => void;
}

/** One object of the account that the suite reads. */
export interface ReadObject {
  object: ObjectName;
  /** As many at least, so that there are positions to resume from; 3 where absent. */
  pages?: number;
  /** Every external id that a listing brings right now. */
  ids: () => readonly string[];
  /** What `total` answers right now; `null` where the provider cannot count this object. */
  total: () => number | null;
  /** Changes one record there, deletes another, and names them. `null`: the offer tells no changes; `impossible`: not at this server. */
  change: (() => Promise<{ changed: string; deleted: string }>) | 'impossible' | null;
}

export interface ProviderUnderTest {
  description: ProviderDescription;
  account: { id: string; name: string };
  objects: readonly ReadObject[];
  /** A new session, as another process would open it. */
  open(opening?: Opening): Promise<Session>;
  /** The same with credentials that the provider refuses, and what must not be in its words. `null` where nobody logs in. */
  refused: { open(): Promise<Session>; secrets: readonly string[] } | null;
  /** Of a server (or a store of files) that takes every request and never answers. */
  openStalled(): Promise<Session>;
}

const never = new AbortController().signal;
const ABORTED_WITHIN_MS = 1_000;
/** Pages that a reader may still hold: the one handed out, the next, and what the engine has not let go. */
const PAGES_HELD = 3;

/**
 * What every provider promises, whatever is behind it. Whatever an offer lacks is asserted to be absent, so that nothing goes
 * missing unseen.
 */
export function describeProvider(
  name: string,
  setUp: () => Promise<ProviderUnderTest>,
  withinMs = 60_000,
): void {
  describe(`the provider contract: ${name}`, () => {
    let under: ProviderUnderTest;
    beforeAll(async () => {
      under = await setUp();
    }, withinMs);
    const each = async (check: (read: ReadObject) => Promise<void>): Promise<void> => {
      for (const read of under.objects) await check(read);
    };

    it('says who it is connected as, and of each object it offers whether it may be read', async () => {
      for (const session of [await under.open(), await under.open()]) {
        const { account, objects } = await session.identity(never);
        await session.close();
        expect(account).toEqual(under.account);
        expect(objects.map(({ object }) => object).sort()).toEqual(
          under.description.objects.map(({ object }) => object).sort(),
        );
        for (const { granted, why } of objects) expect(granted || (why ?? '') !== '').toBe(true);
      }
    });

    it('refuses credentials with a code, and without the secret', async () => {
      if (under.refused === null) {
        expect(under.description.auth.every((kind) => kind === 'none' || kind === 'file')).toBe(true);
        return;
      }
      const session = await under.refused.open();
      const failure = await failureOf(session.identity(never));
      await session.close();
      expect(['credentials_rejected', 'token_revoked']).toContain(failure.code);
      for (const secret of under.refused.secrets) {
        expect(`${failure.message} ${String(failure.stack)}`).not.toContain(secret);
      }
    });

    it('reads every record to the end, each as JSON with an id', () =>
      each(async ({ object, ids, pages: least = 3 }) => {
        const pages = await readAll(under, object);
        expect(pages.length).toBeGreaterThanOrEqual(least);
        const records = recordsIn(pages);
        expect(idsOf(records)).toEqual([...ids()].sort());
        for (const { externalId, data, modifiedAt } of records) {
          expect(externalId).not.toBe('');
          expect(JSON.parse(JSON.stringify(data))).toEqual(data);
          if (modifiedAt !== undefined) expect(new Date(modifiedAt).getTime()).not.toBeNaN();
        }
        const last = pages.at(-1);
        expect(last).toMatchObject({ complete: true });
        for (const page of pages.slice(0, -1)) expect(endsWith(page)).toEqual([true, false, false]);
        expect(last?.bookmark !== undefined).toBe(tellsChanges(under, object));
      }));

    it('counts what it can count, and says nothing where it cannot', () =>
      each(async ({ object, total }) => {
        const session = await under.open();
        expect((await session.total?.(object, never)) ?? null).toBe(total());
        await session.close();
      }));

    it('goes on from any cursor, in another process, with exactly the rest', () =>
      each(async ({ object }) => {
        const pages = await readAll(under, object);
        for (const [at, { next }] of pages.entries()) {
          if (next === undefined) continue;
          const rest = await readAll(under, object, next);
          expect(sorted(recordsIn(rest))).toEqual(sorted(recordsIn(pages.slice(at + 1))));
          expect(endsWith(rest.at(-1))).toEqual(endsWith(pages.at(-1)));
        }
        const cursors = pages.flatMap(({ next }) => next ?? []);
        expect(new Set(cursors).size).toBe(cursors.length);
      }));

    it('stops at a limit, and takes that for no end', () =>
      each(async ({ object, ids }) => {
        const pages = await readAll(under, object, undefined, { limit: 2 });
        const read = idsOf(recordsIn(pages));
        expect(read).toHaveLength(2);
        expect(ids()).toEqual(expect.arrayContaining(read));
        expect(endsWith(pages.at(-1))).toEqual([false, false, false]);
      }));

    it('finds single records live, and leaves out what is not there', () =>
      each(async ({ object, ids }) => {
        const session = await under.open();
        const [first = '', last = ''] = [ids()[0], ids().at(-1)];
        expect(idsOf(await session.get(object, [first, 'no-such-id', last], never))).toEqual(
          [first, last].sort(),
        );
        expect(await session.get(object, ['no-such-id'], never)).toEqual([]);
        expect(await session.get(object, [], never)).toEqual([]);
        const [found] = await session.get(object, [first], never);
        await session.close();
        const listed = recordsIn(await readAll(under, object)).find(({ externalId }) => externalId === first);
        expect(found?.data).toEqual(listed?.data);
      }));

    it('ends within a second once it is told to, also while a server keeps silent', () =>
      each(async ({ object }) => {
        const calls: ((session: Session, signal: AbortSignal) => Promise<unknown>)[] = [
          (session, signal) => drain(session, object, signal),
          (session, signal) => session.get(object, ['x'], signal),
          ...(under.refused === null ? [] : [(session: Session, on: AbortSignal) => session.identity(on)]),
        ];
        for (const call of calls) {
          const session = await under.openStalled();
          const abort = new AbortController();
          const ended = call(session, abort.signal).then(
            () => 'answered',
            () => 'ended',
          );
          setTimeout(() => abort.abort(), 50);
          expect(await Promise.race([ended, afterMs(50 + ABORTED_WITHIN_MS)])).toBe('ended');
          await session.close();
        }
        const session = await under.open();
        await expect(drain(session, object, AbortSignal.abort())).rejects.toThrow();
        await session.close();
      }));

    it('holds no page that it has handed out', () =>
      each(async ({ object, pages = 3 }) => {
        const session = await under.open();
        const refs: WeakRef<SourceRecord>[] = [];
        let held = 0;
        for await (const page of session.read(object, undefined, never)) {
          const [first] = page.records;
          if (first) refs.push(new WeakRef(first));
          held = Math.max(held, await stillHeld(refs));
        }
        await session.close();
        expect(refs.length).toBeGreaterThanOrEqual(pages);
        expect(held).toBeLessThanOrEqual(PAGES_HELD);
        // Of a listing of one page, that one may still lie where the loop left it.
        expect(await stillHeld(refs)).toBeLessThanOrEqual(Math.max(1, refs.length - 1));
      }));

    it('tells what changed and what was deleted since a bookmark, as far as it offers to', () =>
      each(async ({ object, ids, change }) => {
        expect(tellsChanges(under, object)).toBe(change !== null);
        if (change === null) return;
        const { deletions, changes } = offerOf(under, object);
        const before = bookmarkOf(await readAll(under, object));
        const quiet = await readAll(under, object, before);
        expect(bookmarkOf(quiet)).toBeDefined();
        if (change === 'impossible') return;
        const { changed, deleted } = await change();
        const pages = await readAll(under, object, before);
        // Whatever a complete listing lacks is looked for as gone: a feed of changes must never pass for one.
        for (const reading of [quiet, pages]) {
          const isWhole = recordsIn(reading).length >= ids().length;
          expect(isWhole || reading.at(-1)?.complete !== true).toBe(true);
        }
        const records = recordsIn(pages);
        const there = idsOf(records.filter((record) => record.deleted !== true));
        expect(there).toContain(changed);
        expect(there).not.toContain(deleted);
        // Where everything is answered, it is the absence that tells.
        const isListing = pages.at(-1)?.complete === true;
        if ((deletions === 'tombstones' || deletions === 'events') && !isListing) {
          expect(records).toContainEqual(expect.objectContaining({ externalId: deleted, deleted: true }));
        }
        for (const { next } of pages) {
          if (next !== undefined) expect(bookmarkOf(await readAll(under, object, next))).toBeDefined();
        }
        const session = await under.open();
        expect(idsOf(await session.get(object, [changed, deleted], never))).toEqual([changed]);
        await session.close();
        if (changes === 'listing' || isListing) return;
        expect(there).toEqual([changed]);
        expect(recordsIn(await readAll(under, object, bookmarkOf(pages)))).toEqual([]);
      }));

    it('asks for a full listing where a bookmark is not one of its own', () =>
      each(async ({ object }) => {
        if (!tellsChanges(under, object) || offerOf(under, object).changes === 'listing') return;
        for (const bookmark of ['', 'junk', '{}', '{"v":999}']) {
          expect((await failureOf(readAll(under, object, { bookmark }))).code).toBe('cursor_expired');
        }
      }));

    it('tells of its traffic, where there is any', () =>
      each(async ({ object }) => {
        let requests = 0;
        await readAll(under, object, undefined, { onRequest: () => (requests += 1) });
        if (under.refused === null) expect(requests).toBe(0);
        else expect(requests).toBeGreaterThan(0);
      }));
  });
}

function offerOf({ description }: ProviderUnderTest, object: ObjectName) {
  const offer = description.objects.find((each) => each.object === object);
  if (!offer) throw new Error(`${description.id} does not offer ${object}.`);
  return offer;
}

function tellsChanges({ description }: ProviderUnderTest, object: ObjectName): boolean {
  return syncable(description, [object]).length > 0;
}

/** Whether a page has a cursor, a bookmark, and the word that it ends a complete listing. */
function endsWith(page: SourcePage | undefined): [boolean, boolean, boolean] {
  return [page?.next !== undefined, page?.bookmark !== undefined, page?.complete === true];
}

async function readAll(
  { open }: ProviderUnderTest,
  object: ObjectName,
  from?: string | Since,
  opening: Opening = {},
): Promise<SourcePage[]> {
  const session = await open(opening);
  try {
    const pages: SourcePage[] = [];
    for await (const page of session.read(object, from, never)) pages.push(page);
    return pages;
  } finally {
    await session.close();
  }
}

async function drain(session: Session, object: ObjectName, signal: AbortSignal): Promise<void> {
  const pages = session.read(object, undefined, signal)[Symbol.asyncIterator]();
  while ((await pages.next()).done !== true);
}

const recordsIn = (pages: readonly SourcePage[]): SourceRecord[] => pages.flatMap(({ records }) => records);

const idsOf = (records: readonly SourceRecord[]): string[] =>
  records.map(({ externalId }) => externalId).sort();

const sorted = (records: readonly SourceRecord[]): SourceRecord[] =>
  [...records].sort((a, b) => (a.externalId < b.externalId ? -1 : 1));

function bookmarkOf(pages: readonly SourcePage[]): Since {
  const bookmark = pages.at(-1)?.bookmark;
  if (bookmark === undefined) throw new Error('The reading ended without a bookmark.');
  return { bookmark };
}

async function failureOf(work: Promise<unknown>): Promise<ProviderFailure> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ProviderFailure) return error;
  throw new Error(`No failure of the provider: ${String(error)}`);
}

function afterMs(milliseconds: number): Promise<string> {
  return new Promise((resolve) => setTimeout(() => resolve('too late'), milliseconds).unref());
}

/** Records, one of each page, that cannot be let go. A reference just looked at lives until the present job is over. */
async function stillHeld(refs: readonly WeakRef<SourceRecord>[]): Promise<number> {
  await new Promise((resolve) => setImmediate(resolve));
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return refs.filter((ref) => ref.deref() !== undefined).length;
}
