import { booksClosed } from '../../activities/records/books.js';
import { decidePage } from '../../activities/records/decide.js';
import type { DecidedPage, PageContext } from '../../activities/records/page.js';
import type { Mapped, Policies, StoredRecord } from '../../activities/records/types.js';
import type { UndonePage } from '../../activities/records/undo-types.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { Written } from './histories.js';
import { play, undoAll } from './histories.js';
import type { PureStore } from './pure-store.js';
import { context, rules } from './record-makers.js';

export interface How extends Partial<PageContext> {
  policies?: Partial<Policies>;
  version?: string;
}

/** Decides a page against the store and applies it; its books are closed and every reference is true. */
export function run(
  store: PureStore,
  mapped: Mapped[],
  { policies = {}, version, ...changes }: How = {},
): DecidedPage {
  const at = context(changes);
  const page = decidePage(
    mapped,
    store.world(mapped, at.origin, at.object, policies.matching),
    rules(policies, version),
    at,
  );
  if (!booksClosed(page.counts) || page.outcomes.length !== mapped.length) throw new Error('open books');
  store.apply(page);
  store.checkReferences();
  return page;
}

/** The same, kept for its undo. */
export function write(store: PureStore, mapped: Mapped[], how: How = {}): Written {
  const { runId = 'run1', appId = 'app1' } = how;
  return { runId, appId, journal: structuredClone(run(store, mapped, how).journal) };
}

/** The resolve step after an object, kept for its undo. */
export function resolve(store: PureStore, runId: string, object: ObjectName): Written[] {
  return play(store, {
    runId,
    appId: 'app1',
    rules: rules(),
    idsMayRepeat: false,
    steps: [{ do: 'resolve', object }],
  });
}

export function undo(store: PureStore, ...pages: Written[]): UndonePage[] {
  return undoAll(store, pages);
}

export function outcomes(page: DecidedPage): string[] {
  return page.outcomes.map(({ outcome, reason }) =>
    reason === undefined ? outcome : `${outcome}: ${reason}`,
  );
}

export function codes(page: DecidedPage): string[] {
  return page.problems.map(({ severity, code }) => `${severity} ${code}`);
}

export function record(
  store: PureStore,
  externalId: string,
  object: ObjectName = 'contacts',
  origin = 'app1',
): StoredRecord {
  return store.byExternalId(origin, object, externalId);
}
