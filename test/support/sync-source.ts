import type { Cursor, Since, SourcePage } from '../../activities/providers/provider.js';
import type { SourceRecord } from '../../activities/records/types.js';
import type { AppDoc, BookmarkDoc } from '../../activities/store/documents.js';
import type { SliceArgs, SliceEnd } from '../../workflows/contract/activities.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import type { ObjectState } from '../../workflows/contract/status.js';
import type { RunDoc } from '../../activities/store/run-documents.js';
import { must, type House } from './activity-house.js';
import { scriptedProvider } from './scripted-provider.js';

export type From = Cursor | Since | undefined;

/** An app whose provider answers everything in one page, and means by absence what a listing can. */
export interface Source {
  app: AppDoc;
  /** Answered by `get`. */
  there: Map<string, SourceRecord>;
  /** Every id that was asked for by `get`. */
  looked: string[];
  /** Where each reading began. */
  froms: From[];
  says(answer: (from: From) => SourcePage): void;
}

/** Runs of such an app, from their preflight to their close. */
export interface SyncDesk {
  source(): Promise<Source>;
  end(ref: RunRef, state?: ObjectState): Promise<void>;
  /** An import that brought what the provider says. */
  imported(source: Source, state?: ObjectState): Promise<RunRef>;
  /** A sync that moved its object and was not closed yet. */
  synced(
    source: Source,
    args?: Partial<Omit<SliceArgs, 'ref'>>,
    changes?: Partial<RunDoc>,
  ): Promise<{ ref: RunRef; end: SliceEnd }>;
  bookmark(source: Source): Promise<BookmarkDoc | null>;
  /** Of the first record that failed in a run: `open`, `repaired`, ... */
  failureState(ref: RunRef): Promise<string | undefined>;
  liveLinks(ref: RunRef): Promise<number>;
  archived(source: Source): Promise<number>;
}

export function syncDesk(house: House): SyncDesk {
  const desk: SyncDesk = {
    async source() {
      const { provider } = scriptedProvider();
      const there = new Map<string, SourceRecord>();
      const froms: From[] = [];
      const looked: string[] = [];
      let answer = (_from: From): SourcePage => ({ records: [], bookmark: 'b', complete: true });
      const app = await house.install({
        ...provider,
        actions: { import: true, sync: true },
        objects: provider.objects.map((offer) => ({ ...offer, changes: 'token', deletions: 'listing' })),
        async open(connection) {
          return {
            ...(await provider.open(connection)),
            async *read(_object, from) {
              froms.push(from);
              const said = answer(from);
              // Of a test run the first records alone; that the answer is then no whole one is left for the run to know.
              yield { ...said, records: said.records.slice(0, connection.limit) };
            },
            async get(_object, ids) {
              looked.push(...ids);
              return ids.flatMap((id) => there.get(id) ?? []);
            },
          };
        },
      });
      return { app, there, looked, froms, says: (said) => (answer = said) };
    },

    async end(ref, state = 'accepted') {
      await house.run('recordProgress', { ref, progress: { kind: 'object', object: 'contacts', state } });
      await house.run('closeRun', { ref, status: 'completed', error: null });
    },

    async imported({ app }, state) {
      const ref = await house.begin(app);
      const { state: how } = await house.transfer(ref);
      if (how !== 'done') throw new Error(`The import is ${how}.`);
      await desk.end(ref, state);
      return ref;
    },

    async synced({ app }, args = {}, changes = {}) {
      const ref = await house.begin(app, ['contacts'], { kind: 'sync', ...changes });
      return { ref, end: await house.transfer(ref, 'contacts', args) };
    },

    bookmark: ({ app }) => house.store.bookmarks.get(app.workspaceId, app.appId, 'contacts'),

    async failureState(ref) {
      const { items } = await house.store.problems.list(ref, { severity: 'failed' }, { limit: 9 });
      return items[0]?.state;
    },

    async liveLinks(ref) {
      const { origin } = must((await house.theRun(ref)).pinned);
      return house.store.links.count(ref.workspaceId, origin, 'contacts');
    },

    archived: async ({ app }) =>
      (await house.records(app.workspaceId)).filter(({ archivedAt }) => archivedAt !== null).length,
  };
  return desk;
}
