import type { UndoLookups } from './lookups.js';
import type { JournalEntry } from './page.js';
import type { UndonePage, UndoWorld } from './undo-types.js';

/**
 * Whether taking one page back writes what undoing another one reads. Where it does not (and `writesReferrers` neither), the other
 * page's world is the same before and after. A relation that comes or goes bumps its target, so new referrers are among it.
 */
export function writesWhatIsRead(
  undone: UndonePage,
  journal: readonly JournalEntry[],
  lookups: UndoLookups,
): boolean {
  const records = writtenRecords(undone);
  const links = new Set([...undone.restoredLinks, ...undone.removedLinks].map(linkName));
  return (
    lookups.recordIds.some((recordId) => records.has(recordId)) ||
    journal.some(({ recordId, linkAfter }) => {
      return records.has(recordId) || (linkAfter !== null && links.has(linkName(linkAfter)));
    })
  );
}

/** The same of the records that refer to the page's: which they are is known only once they are read. */
export function writesReferrers(undone: UndonePage, { referrers }: Pick<UndoWorld, 'referrers'>): boolean {
  if (referrers.size === 0) return false;
  const records = writtenRecords(undone);
  return [...referrers.values()].some((group) => group.some(({ recordId }) => records.has(recordId)));
}

function writtenRecords({ removals, writes, bumps, restoredLinks }: UndonePage): Set<string> {
  const ids = new Set(removals.map(({ recordId }) => recordId));
  for (const { record } of writes) ids.add(record.recordId);
  for (const { recordId } of bumps) ids.add(recordId);
  for (const { recordId } of restoredLinks) ids.add(recordId);
  return ids;
}

function linkName({ object, externalId }: { object: string; externalId: string }): string {
  return `${object}/${externalId}`;
}
