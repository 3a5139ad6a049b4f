import { createHash } from 'node:crypto';
import type { RunRef } from '../../../workflows/contract/ids.js';
import type { ObjectName } from '../../../workflows/contract/objects.js';
import type { ProblemDraft } from '../../records/types.js';
import type { ProblemStored } from './collections.js';
import { insertAll, updateAll, type Update } from './commands.js';
import { idOf, padded } from './ids.js';
import type { Tx } from './transaction.js';

const MOST_SAMPLES = 100;

interface PagePlace {
  ref: RunRef;
  object: ObjectName;
  seq: number;
}

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
  const failed = drafts.filter((draft) => draft.severity === 'failed');
  await insertAll(
    tx,
    'problems',
    failed.map((draft, index) => failedProblem(place, draft, index)),
  );
  const counted = new Map<string, ProblemDraft[]>();
  for (const draft of drafts) {
    if (draft.severity === 'failed') continue;
    const key = countedKey(place, draft);
    const group = counted.get(key);
    if (group) group.push(draft);
    else counted.set(key, [draft]);
  }
  await updateAll(
    tx,
    'problems',
    [...counted].map(([key, group]) => countedUpdate(place, key, group)),
  );
}

export function placeKey(ref: Pick<RunRef, 'workspaceId' | 'runId'>, object: ObjectName): string {
  return idOf(ref.workspaceId, ref.runId, object);
}

function failedProblem({ ref, object, seq }: PagePlace, draft: ProblemDraft, index: number): ProblemStored {
  const _id = idOf(ref.workspaceId, ref.runId, object, 'failed', padded(seq), padded(index, 5));
  const { likeness: _likeness, ...told } = draft;
  const sameAs = sameAsKey(ref, object, failureOf(draft));
  return { _id, place: placeKey(ref, object), sameAs, object, ...told, state: 'open' };
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

function countedKey({ ref, object }: PagePlace, draft: ProblemDraft): string {
  const { severity, code, field = '', value = '' } = draft;
  return idOf(ref.workspaceId, ref.runId, object, 'counted', code, digest([severity, field, value]));
}

function countedUpdate({ ref, object }: PagePlace, key: string, group: readonly ProblemDraft[]): Update {
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
      },
      $inc: { count: group.length },
      $push: { samples: { $each: samples, $slice: MOST_SAMPLES } },
    },
    upsert: true,
  };
}

function sampleOf({ externalId, position }: ProblemDraft): { externalId?: string; position?: string } {
  return {
    ...(externalId === undefined ? {} : { externalId }),
    ...(position === undefined ? {} : { position }),
  };
}
