import { sourceHash } from './hash.js';
import type { DecidedPage } from './page.js';
import { isNewer } from './repeats.js';
import type { LinkStanding, Rules, SourceRecord } from './types.js';

/** Places in a page of source records that say what their links hold already, each with the record that it leads to. */
export type Untouched = ReadonlyMap<number, string>;

/**
 * Of a page the source records that nobody has to map, nor look anything up for: under these rules the same source was applied
 * before, so that deciding them would end as `unchanged` and write nothing. An id that comes twice in the page is left to be
 * decided, and so is a newer time at the provider, which is kept.
 */
export function untouchedIn(
  records: readonly SourceRecord[],
  standing: readonly LinkStanding[],
  { version }: Pick<Rules, 'version'>,
): Untouched {
  const links = new Map(standing.map((link) => [link.externalId, link]));
  const times = new Map<string, number>();
  for (const { externalId } of records) times.set(externalId, (times.get(externalId) ?? 0) + 1);
  const found = new Map<number, string>();
  records.forEach((record, index) => {
    const link = links.get(record.externalId);
    if (!link || link.goneAt !== null || link.rulesVersion !== version) return;
    if (record.deleted === true || record.trouble || times.get(record.externalId) !== 1) return;
    if (isNewer(record.modifiedAt ?? null, link.modifiedAt)) return;
    if (sourceHash(record.data) === link.sourceHash) found.set(index, link.recordId);
  });
  return found;
}

/** A page of which only the rest was decided, as if all of it had been. */
export function withUntouched(
  decided: DecidedPage,
  records: readonly SourceRecord[],
  untouched: Untouched,
): DecidedPage {
  if (untouched.size === 0) return decided;
  const { counts, identity } = decided;
  const rest = decided.outcomes.values();
  const outcomes = records.map(({ externalId }, index): DecidedPage['outcomes'][number] => {
    const recordId = untouched.get(index);
    if (recordId !== undefined) return { externalId, outcome: 'unchanged', recordId };
    const { value } = rest.next();
    if (!value) throw new Error('A source record of the page was not decided.');
    return value;
  });
  const { size } = untouched;
  return {
    ...decided,
    outcomes,
    counts: { ...counts, fetched: counts.fetched + size, unchanged: counts.unchanged + size },
    identity: { ...identity, known: identity.known + size },
  };
}
