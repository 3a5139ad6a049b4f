import { createHash } from 'node:crypto';
import type { FailureCode } from '../../../workflows/contract/failures.js';
import type { RunRef } from '../../../workflows/contract/ids.js';
import type { ObjectName } from '../../../workflows/contract/objects.js';
import type { Said } from '../../records/outcome-marks.js';
import type { ProblemDraft } from '../../records/types.js';
import type { ProblemStored } from './collections.js';
import { insertAll, updateAll, type Update } from './commands.js';
import { idOf, padded, prefixOf } from './ids.js';
import type { Tx } from './transaction.js';

export const MOST_SAMPLES = 100;

interface PagePlace {
  ref: RunRef;
  object: ObjectName;
  seq: number;
  /** Of a page that is only planned: under keys of their own, so that they go when the plan does. */
  planned?: true;
}

/** Listed one by one, besides what failed: a person is to look at each. */
const ONE_BY_ONE: ReadonlySet<string> = new Set(['plan_drifted'] satisfies FailureCode[]);

/**
 * Failed source records one by one; skipped ones and warnings counted by what they say, with samples. Exact, because this is
 * part of the page's transaction: a page adds its problems once.
 */
export async function writeProblems(
  tx: Tx,
  place: PagePlace,
  drafts: readonly ProblemDraft[],
): Promise<void> {
  if (drafts.length === 0) return;
  await writeSingle(tx, place, drafts);
  await updateAll(
    tx,
    'problems',
    [...byHeading(place, drafts)].map(([key, group]) => countedUpdate(place, key, group)),
  );
}

/** What is listed one by one. */
export async function writeSingle(tx: Tx, place: PagePlace, drafts: readonly ProblemDraft[]): Promise<void> {
  await insertAll(
    tx,
    'problems',
    drafts.filter(isSingle).map((draft, index) => failedProblem(place, draft, index)),
  );
}

/** What is counted, by where it is counted. */
export function byHeading(
  place: Omit<PagePlace, 'seq'>,
  drafts: readonly ProblemDraft[],
): Map<string, ProblemDraft[]> {
  const counted = new Map<string, ProblemDraft[]>();
  for (const draft of drafts) {
    if (isSingle(draft)) continue;
    const key = countedKey(place, draft);
    const group = counted.get(key);
    if (group) group.push(draft);
    else counted.set(key, [draft]);
  }
  return counted;
}

export function placeKey(ref: Pick<RunRef, 'workspaceId' | 'runId'>, object: ObjectName): string {
  return idOf(ref.workspaceId, ref.runId, object);
}

function isSingle({ severity, code }: ProblemDraft): boolean {
  return severity === 'failed' || ONE_BY_ONE.has(code);
}

export function plannedPrefix(ref: Pick<RunRef, 'workspaceId' | 'runId'>, object: ObjectName): string {
  return prefixOf(ref.workspaceId, ref.runId, object, 'planned');
}

function keyOf({ ref, object, planned }: Omit<PagePlace, 'seq'>, kind: string, ...rest: string[]): string {
  return planned
    ? plannedPrefix(ref, object) + [kind, ...rest].join('/')
    : idOf(ref.workspaceId, ref.runId, object, kind, ...rest);
}

/** The `n`th problem of a page that is listed by itself. */
export function failedKey(place: PagePlace, n: number): string {
  return keyOf(place, 'failed', padded(place.seq), padded(n, 5));
}

/** What `writeProblems` lists one by one of a page: its key, and what is the same wherever the same record fails alike. */
export function singleKeys(
  place: PagePlace,
  drafts: readonly ProblemDraft[],
): { _id: string; sameAs: string | undefined }[] {
  const listed = drafts.filter(isSingle).map((draft, index) => failedProblem(place, draft, index));
  return listed.map(({ _id, sameAs }) => ({ _id, sameAs }));
}

function failedProblem(place: PagePlace, draft: ProblemDraft, index: number): ProblemStored {
  const { ref, object, planned } = place;
  const _id = failedKey(place, index);
  const { likeness: _likeness, ...told } = draft;
  const failed = draft.severity === 'failed';
  const sameAs = failed ? { sameAs: sameAsKey(ref, object, failureOf(draft)) } : {};
  const facts = { _id, place: placeKey(ref, object), ...sameAs, object };
  return { ...facts, ...told, ...(planned && { planned }), state: 'open' };
}

export function sameAsKey(
  ref: Pick<RunRef, 'workspaceId' | 'runId'>,
  object: ObjectName,
  failure: string,
): string {
  return idOf(ref.workspaceId, ref.runId, object, failure);
}

/** The same for the same record that fails in the same way in whichever run: by its id, or by what it looks like, never by its place. */
function failureOf({ likeness, externalId, code, field, value }: ProblemDraft): string {
  const who = likeness === undefined ? ['id', externalId] : ['likeness', likeness];
  return digest([...who, code, field, value].map((part) => part ?? null));
}

function digest(parts: readonly (string | null)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

function countedKey(place: Omit<PagePlace, 'seq'>, { severity, code, field, value }: ProblemDraft): string {
  return saidKey(place, [severity, code, field ?? null, value ?? null]);
}

/** Where records are counted of which the same was said. */
export function saidKey(place: Omit<PagePlace, 'seq'>, said: Said): string {
  const [severity, code, field, value] = said;
  return keyOf(place, 'counted', code, digest([severity, field ?? '', value ?? '']));
}

export function countedUpdate(
  { ref, object, planned }: Omit<PagePlace, 'seq'>,
  key: string,
  group: readonly ProblemDraft[],
): Update {
  const [first] = group;
  if (!first) throw new Error('A group of problems holds at least one.');
  const { severity, code, field, value, message } = first;
  const samples = group.slice(0, MOST_SAMPLES).map(sampleOf);
  const facts = { place: placeKey(ref, object), object, severity, code, message, state: 'open' };
  return {
    q: { _id: key },
    u: {
      $setOnInsert: {
        ...facts,
        ...(field === undefined ? {} : { field }),
        ...(value === undefined ? {} : { value }),
        ...(planned && { planned }),
      },
      $inc: { count: group.length },
      $push: { samples: { $each: samples, $slice: MOST_SAMPLES } },
    },
    upsert: true,
  };
}

export function sampleOf({ externalId, position }: ProblemDraft): { externalId?: string; position?: string } {
  return {
    ...(externalId === undefined ? {} : { externalId }),
    ...(position === undefined ? {} : { position }),
  };
}
