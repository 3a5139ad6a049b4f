import type { RunRef } from '../../../workflows/contract/ids.js';
import type { JournalEntry } from '../../records/page.js';
import type { KeptEntry } from '../../records/undo-types.js';
import type { ListedChange } from '../moving.js';
import type { Database, PageStored } from './collections.js';
import { fromBlob } from './json.js';
import { recordKey } from './record-codec.js';

/**
 * The entries of one page, each with what its undo took back. The page says which entries kept something; of those that go and
 * stay with their record, whether it is still there (a record that a run made goes with that run's undo, and never else).
 */
export async function whatWasUndone(
  database: Database,
  ref: RunRef,
  page: Pick<PageStored, 'undoneAt' | 'kept'>,
  entries: readonly JournalEntry[],
): Promise<ListedChange[]> {
  if (page.undoneAt === null) return entries.map((entry) => listed(entry, 'all'));
  const kept = page.kept ? ((await fromBlob(page.kept)) as KeptEntry[]) : [];
  const byIndex = new Map(kept.map((each) => [each.index, each]));
  const open = entries.filter((_entry, index) => byIndex.get(index)?.unlessGone);
  const there = await stillThere(database, ref, open);
  return entries.map((entry, index) => {
    const own = byIndex.get(index);
    const isGone = own?.unlessGone && !there.has(recordKey(ref.workspaceId, entry.recordId));
    return listed(entry, own && !isGone ? own.fields : null);
  });
}

/** `kept`: null where nothing of it stays. */
function listed(entry: JournalEntry, kept: KeptEntry['fields'] | null): ListedChange {
  const stays = (field: string): boolean => kept === 'all' || (kept?.includes(field) ?? false);
  return {
    ...entry,
    undone: kept === null,
    fields: entry.fields.map((change) => ({ ...change, undone: !stays(change.field) })),
  };
}

async function stillThere(
  database: Database,
  ref: RunRef,
  entries: readonly JournalEntry[],
): Promise<Set<string>> {
  if (entries.length === 0) return new Set();
  const keys = [...new Set(entries.map((entry) => recordKey(ref.workspaceId, entry.recordId)))];
  const found = await database
    .collection('records')
    .find({ _id: { $in: keys } })
    .project<{ _id: string }>({ _id: 1 })
    .toArray();
  return new Set(found.map(({ _id }) => _id));
}
