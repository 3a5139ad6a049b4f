import type { ObjectName } from '../workflows/contract/objects.js';
import type { ActivityDeps } from './deps.js';
import type { Mapper } from './records/mapping.js';
import type { JournalEntry } from './records/page.js';
import { spread, spreadOver } from './records/spread.js';
import type { Counts, SourceRecord } from './records/types.js';
import type { RunDoc } from './store/run-documents.js';
import type { PageOutcomes } from './store/moving.js';

const SAMPLED = ['created', 'updated', 'unchanged'] as const;
type Sampled = (typeof SAMPLED)[number];

const OF_EACH_OUTCOME = 5;
/** Of the largest object: their counts are read, and at most `OF_EACH_OUTCOME` of them opened for each outcome. */
const PAGES_LOOKED_AT = 100;

export interface Chosen {
  externalId: string;
  outcome: Sampled;
  /** Null where nothing was written: whatever its link is tied to. */
  recordId: string | null;
}

/**
 * Up to five records of each outcome, the first and the last of the run and between them evenly, so that neither the beginning of
 * a file nor its end speaks for all of it. Of an object with very many pages a hundred of them, all over it, stand for the others.
 */
export async function chooseSample(
  deps: ActivityDeps,
  run: RunDoc,
  object: ObjectName,
  map: Mapper,
): Promise<Chosen[]> {
  const { store } = deps;
  const sides = await store.transfers.get(run, object);
  if (!sides) return [];
  const seqs = spread(sides.apply.position, PAGES_LOOKED_AT);
  const pages = await store.pages.outcomes(run, object, seqs);
  const picks = new Map<number, Wanted[]>();
  for (const outcome of SAMPLED) {
    for (const { group, member } of spreadOver(pages.map(countOf(outcome)), OF_EACH_OUTCOME)) {
      const seq = pages[group]?.seq ?? 0;
      picks.set(seq, [...(picks.get(seq) ?? []), { outcome, member }]);
    }
  }
  const chosen: Chosen[] = [];
  // One after the other: a page's source is large.
  for (const seq of [...picks.keys()].sort((a, b) => a - b)) {
    chosen.push(...(await chooseOfPage(deps, { run, object, map, seq, picks: picks.get(seq) ?? [] })));
  }
  return [...chosen, ...(await rareOnes(deps, run, object, sides.apply.counts, chosen))];
}

interface Wanted {
  outcome: Sampled;
  /** Of those of this outcome on the page: 0 is the first. */
  member: number;
}

/** What is unchanged leaves no trace, so it is told by what the page's other records left; one that was skipped leaves none either. */
function countOf(outcome: Sampled): (page: PageOutcomes) => number {
  return ({ counts }) => (outcome === 'unchanged' && counts.skipped > 0 ? 0 : counts[outcome]);
}

interface PageToChooseOf {
  run: RunDoc;
  object: ObjectName;
  map: Mapper;
  seq: number;
  picks: readonly Wanted[];
}

async function chooseOfPage(
  { store }: ActivityDeps,
  { run, object, map, seq, picks }: PageToChooseOf,
): Promise<Chosen[]> {
  const entries = await store.pages.journal(run, object, seq);
  const wantsSource = picks.some(({ outcome }) => outcome === 'unchanged');
  const source = wantsSource ? await store.pages.source(run, object, seq) : null;
  const same = unchangedOf(source?.records ?? [], entries, map);
  return picks.flatMap(({ outcome, member }) => {
    if (outcome === 'unchanged') return same(member);
    const entry = entries.filter((each) => each.outcome === outcome)[member];
    return entry ? chosenOf(entry, outcome) : [];
  });
}

function chosenOf({ externalId, recordId }: JournalEntry, outcome: Sampled): Chosen[] {
  return externalId === null ? [] : [{ externalId, recordId, outcome }];
}

/** The `member`th of a page's records that were written nowhere and cannot have failed. */
function unchangedOf(
  records: readonly SourceRecord[],
  entries: readonly JournalEntry[],
  map: Mapper,
): (member: number) => Chosen[] {
  const written = new Set(
    entries.filter((each) => each.outcome !== 'unchanged').map((each) => each.externalId),
  );
  const left = records.filter(({ externalId, trouble }) => !trouble && !written.has(externalId));
  return (member) => {
    const found = left.slice(member).find((record) => map(record).ok);
    return found ? [{ externalId: found.externalId, recordId: null, outcome: 'unchanged' }] : [];
  };
}

/** An outcome that none of the pages looked at has, though the object has it: its first ones. */
async function rareOnes(
  { store }: ActivityDeps,
  run: RunDoc,
  object: ObjectName,
  counts: Counts,
  chosen: readonly Chosen[],
): Promise<Chosen[]> {
  const rare = SAMPLED.filter(
    (outcome) =>
      outcome !== 'unchanged' && counts[outcome] > 0 && !chosen.some((each) => each.outcome === outcome),
  );
  const lists = await Promise.all(
    rare.map(async (outcome) => {
      const { items } = await store.pages.changes(run, { object, outcome }, { limit: OF_EACH_OUTCOME });
      return items.flatMap((entry) => chosenOf(entry, outcome));
    }),
  );
  return lists.flat();
}
