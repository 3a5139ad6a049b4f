import type { RunRef } from '../workflows/contract/ids.js';
import type { ObjectName } from '../workflows/contract/objects.js';
import type { ActivityDeps } from './deps.js';
import { keepOrPass } from './keep-turn.js';
import { loadUndoWorld } from './load-undo-world.js';
import { regain } from './regain.js';
import { undoLookupsOf, type UndoLookups } from './records/lookups.js';
import type { JournalEntry } from './records/page.js';
import { undoPage } from './records/undo.js';
import { writesReferrers, writesWhatIsRead } from './records/undo-overlap.js';
import type { UndonePage, UndoWorld } from './records/undo-types.js';
import type { TurnHeld } from './store/moving.js';
import type { Store } from './store/store.js';

const PAGES_READ = 100;
const MOST_REDOS = 50;

interface ObjectUndo {
  ref: RunRef;
  object: ObjectName;
  origin: string;
  /** Milliseconds since the epoch: end the slice then. */
  stopAt: number;
  signal: AbortSignal;
}

/** A page's journal, and what is to be done about it as the store is now; null: that is still to be decided. */
interface ReadPage {
  seq: number;
  journal: JournalEntry[];
  lookups: UndoLookups;
  decided: Decided | null;
}

interface Decided {
  undone: UndonePage;
  now: string;
}

/**
 * Takes back what a run did to one object: its pages downwards, each in one transaction, under the object's turn. While a page is on
 * its way to the store, the one below it is read. `more`: the slice's time is over.
 */
export async function undoObject(deps: ActivityDeps, args: ObjectUndo): Promise<'done' | 'more'> {
  const { ref, object, signal } = args;
  const { store } = deps;
  const pages = openPages(store, ref, object);
  let turn: TurnHeld | null = null;
  let page: ReadPage | null = null;
  try {
    for (let seq = await pageBelow(pages); seq !== null;) {
      signal.throwIfAborted();
      if (deps.now().getTime() > args.stopAt) return 'more';
      turn ??= await store.turns.acquire(ref.workspaceId, object, `undo/${ref.runId}`, signal);
      const below = await pageBelow(pages);
      page ??= await readPage(store, ref, object, seq);
      ({ turn, below: page } = await undoOne(deps, args, { page, below, turn }));
      seq = below;
    }
    return 'done';
  } finally {
    if (turn) await store.turns.release(turn);
  }
}

/** Numbers of the pages that are applied and not taken back, downwards. */
async function* openPages(store: Store, ref: RunRef, object: ObjectName): AsyncGenerator<number, null> {
  let below: number | undefined;
  for (;;) {
    const pages = await store.pages.facts(ref, object, {
      limit: PAGES_READ,
      ...(below === undefined ? {} : { below }),
    });
    if (pages.length === 0) return null;
    for (const page of pages) {
      below = page.seq;
      if (page.applied && !page.undone) yield page.seq;
    }
  }
}

async function pageBelow(pages: AsyncGenerator<number, null>): Promise<number | null> {
  return (await pages.next()).value;
}

async function readPage(store: Store, ref: RunRef, object: ObjectName, seq: number): Promise<ReadPage> {
  const journal = await store.pages.journal(ref, object, seq);
  return { seq, journal, lookups: undoLookupsOf(journal), decided: null };
}

interface Undone {
  /** Null: given up, because somebody waits for it, or lost. */
  turn: TurnHeld | null;
  /** The next page, as far as it could be read meanwhile. */
  below: ReadPage | null;
}

async function undoOne(
  deps: ActivityDeps,
  args: ObjectUndo,
  at: { page: ReadPage; below: number | null; turn: TurnHeld },
): Promise<Undone> {
  const { store } = deps;
  const { ref, object, origin, signal } = args;
  const { seq } = at.page;
  let { turn } = at;
  let { decided } = at.page;
  for (let redo = 0; redo < MOST_REDOS; redo += 1) {
    decided ??= decide(deps, args, at.page, await loadWorld(deps, args, at.page));
    const committing = store.pages.undo({ ref, object, seq, origin, turn, ...decided });
    const reading = readAhead(deps, args, at.below, decided.undone);
    const result = await committing;
    if (result !== 'conflict') {
      const kept = await keepOrPass(store, turn);
      const below = await reading;
      // What was read ahead holds only if nobody but this page wrote under the turn since: as if it were read after it.
      const holds = result === 'applied' && kept?.counter === turn.counter + 1;
      return { turn: kept, below: below && (holds ? below : { ...below, decided: null }) };
    }
    await reading;
    decided = null;
    turn = await regain(store, turn, signal);
  }
  throw new Error(`Page ${seq} of ${object} could not be undone: what it touched kept changing.`);
}

/**
 * The page below, while this one is written. It is decided only where this page writes nothing of what that rests on. Writes of
 * others are caught as ever: by the versions that the page's transaction compares, and by the turn. Never rejects: what could not
 * be read is read again when it is needed, and tells its trouble then.
 */
async function readAhead(
  deps: ActivityDeps,
  args: ObjectUndo,
  seq: number | null,
  undone: UndonePage,
): Promise<ReadPage | null> {
  if (seq === null || args.signal.aborted) return null;
  try {
    const page = await readPage(deps.store, args.ref, args.object, seq);
    if (writesWhatIsRead(undone, page.journal, page.lookups)) return page;
    const world = await loadWorld(deps, args, page);
    return writesReferrers(undone, world) ? page : { ...page, decided: decide(deps, args, page, world) };
  } catch {
    return null;
  }
}

function loadWorld({ store }: ActivityDeps, { ref, origin }: ObjectUndo, page: ReadPage): Promise<UndoWorld> {
  return loadUndoWorld(store, ref.workspaceId, origin, page.lookups);
}

function decide(deps: ActivityDeps, { ref }: ObjectUndo, { journal }: ReadPage, world: UndoWorld): Decided {
  const now = deps.now().toISOString();
  return { undone: undoPage(journal, world, { ...ref, now }), now };
}
