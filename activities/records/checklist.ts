import type { ObjectName } from '../../workflows/contract/objects.js';
import { booksClosed } from './books.js';
import type { FieldComparison } from './compare.js';
import type { DuplicateFound } from './page.js';
import type { Counts } from './types.js';

export interface ChecklistItem {
  itemId: string;
  kind: 'measured' | 'confirmed';
  title: string;
  status: 'ok' | 'warning' | 'open';
  value: unknown;
  detail?: unknown;
}

/** What the measured items are made of; read anew at each call until a review freezes the checklist. */
export interface ChecklistFacts {
  counts: Counts;
  providerTotal: number | null;
  /** Per object, severity, code, field and value. */
  problems: { severity: string; code: string; field: string | null; value: string | null; count: number }[];
  known: KnownFailures;
  duplicates: { total: number; items: DuplicateFound[] };
  unresolved: { total: number; items: WaitingRelation[] };
}

/** What failed, and failed in the same way in an earlier run which a person or the app's policy let pass. */
export interface KnownFailures {
  /** Source records of which everything that is wrong was known. */
  records: number;
  /** The newest run that had any of it. */
  runId: string | null;
  /** Missing required fields among it. */
  required: { field: string | null; count: number }[];
}

/** A relation whose target has not arrived. */
export interface WaitingRelation {
  object: ObjectName;
  /** By which its source knows the record that waits; null where no link of the run's origin is left. */
  externalId: string | null;
  recordId: string;
  /** `account`, or `lines.3.product`. */
  relation: string;
  target: { object: ObjectName; externalId: string };
}

/** One record of the live sample: what the provider says now beside what the store holds. */
export interface SampledRecord {
  externalId: string;
  recordId: string | null;
  outcome: string;
  url: string | null;
  /** The provider has it no longer. */
  gone: boolean;
  fields: FieldComparison[];
}

export interface Sample {
  at: string;
  records: SampledRecord[];
  /** Why there is none, in plain words. */
  failed: string | null;
}

export interface Asked {
  sample: Sample | null;
  /** The provider's account, where a person must look at it (an app's first run). */
  account: { id: string; name: string } | null;
}

type Problems = ChecklistFacts['problems'];

/** The items of one object's checklist. Pure: the same facts make the same list. */
export function checklistItems(facts: ChecklistFacts, asked: Asked): ChecklistItem[] {
  const items = [
    countsItem(facts),
    booksItem(facts),
    duplicatesItem(facts),
    mappedItem('owners', 'Owners', 'owner_unmapped', facts.problems),
    mappedItem('statuses', 'Statuses', 'status_unmapped', facts.problems),
    requiredItem(facts),
    relationsItem(facts),
  ];
  if (asked.sample) items.push(...sampleItems(asked.sample));
  if (asked.account) items.push(accountItem(asked.account));
  return items;
}

function measured(
  itemId: string,
  title: string,
  isFinding: boolean,
  value: unknown,
  detail?: unknown,
): ChecklistItem {
  const status = isFinding ? 'warning' : 'ok';
  return { itemId, kind: 'measured', title, status, value, ...(detail === undefined ? {} : { detail }) };
}

/** Failures that were known before do not ask again. */
export function newlyFailed({ counts, known }: Pick<ChecklistFacts, 'counts' | 'known'>): number {
  return Math.max(0, counts.failed - known.records);
}

function countsItem(facts: ChecklistFacts): ChecklistItem {
  const { counts, providerTotal, known } = facts;
  const { fetched, created, updated, unchanged, skipped, failed, deleted, skippedBy } = counts;
  const moved = { fetched, created, updated, unchanged, skipped, failed, deleted, skippedBy };
  const value = { ...moved, knownFailed: known.records, providerTotal };
  const differs = providerTotal !== null && providerTotal !== fetched;
  const { drifted } = skippedBy;
  const words = [
    differs ? `The provider counts ${providerTotal}, ${fetched} were fetched.` : null,
    failed > 0 ? `${failed} could not be imported; the problems list says why, record by record.` : null,
    known.records > 0 ? knownWords(facts) : null,
    drifted > 0
      ? `${drifted} changed after they were planned and were left out; the problems list names them.`
      : null,
  ].filter((word) => word !== null);
  const detail = words.length === 0 ? undefined : words.join(' ');
  return measured('counts', 'Records moved', newlyFailed(facts) > 0 || differs || drifted > 0, value, detail);
}

function knownWords(facts: ChecklistFacts): string {
  const { records, runId } = facts.known;
  const which = newlyFailed(facts) === 0 ? 'All of them' : `${records} of them`;
  return runId === null
    ? `${which} were looked at and dismissed.`
    : `${which} failed in the same way before: known from run ${runId}.`;
}

function booksItem({ counts }: ChecklistFacts): ChecklistItem {
  const closed = booksClosed(counts);
  return measured('books', 'Books closed', !closed, closed);
}

function duplicatesItem({ duplicates }: ChecklistFacts): ChecklistItem {
  return measured(
    'duplicates',
    'Likely duplicates',
    duplicates.total > 0,
    duplicates.total,
    duplicates.items,
  );
}

function mappedItem(itemId: string, title: string, code: string, problems: Problems): ChecklistItem {
  const unmapped = problems
    .filter((problem) => problem.code === code)
    .map(({ value, count }) => ({ value, count }));
  return measured(
    itemId,
    `${title} that could not be mapped`,
    unmapped.length > 0,
    unmapped.length,
    unmapped,
  );
}

function requiredItem({ problems, known }: ChecklistFacts): ChecklistItem {
  const missing = problems
    .filter((problem) => problem.code === 'required_missing')
    .map(({ field, count }) => {
      const before = known.required.find((entry) => entry.field === field)?.count ?? 0;
      return { field, count, ...(before > 0 && { known: before, knownFrom: known.runId }) };
    });
  const total = missing.reduce((sum, entry) => sum + entry.count, 0);
  const isNew = missing.some(({ count, known: before = 0 }) => count > before);
  return measured('required', 'Required fields missing', isNew, total, missing);
}

function relationsItem({ unresolved }: ChecklistFacts): ChecklistItem {
  const { total, items } = unresolved;
  return measured('relations', 'Relations whose target is not here', total > 0, total, items);
}

function sampleItems(sample: Sample): ChecklistItem[] {
  const wrong = sample.records.filter(
    (record) => record.gone || record.fields.some((field) => field.why === 'wrong'),
  );
  const checked = measured(
    'sample',
    'Sample compared with the provider, live',
    wrong.length > 0 || sample.failed !== null,
    { compared: sample.records.length, wrong: wrong.length, at: sample.at, failed: sample.failed },
    sample.records,
  );
  if (sample.records.length === 0) return [checked];
  const seen: ChecklistItem = {
    ...{ itemId: 'sample_seen', kind: 'confirmed', title: 'I have looked at the sample' },
    ...{ status: 'open', value: null },
  };
  return [checked, seen];
}

function accountItem(account: { id: string; name: string }): ChecklistItem {
  return {
    ...{ itemId: 'account_seen', kind: 'confirmed', title: `This is the right account: ${account.name}` },
    ...{ status: 'open', value: account },
  };
}
