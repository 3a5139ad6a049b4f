import type { RunRef } from '../../../workflows/contract/ids.js';
import type { ObjectName } from '../../../workflows/contract/objects.js';
import type { Counts } from '../../records/types.js';
import type { ApplySide, FetchSide } from '../run-documents.js';
import type { ApplyStored, FetchStored } from './collections.js';
import { idOf, partsOf, prefixOf } from './ids.js';
import { unpack } from './pack.js';

export const FETCH = 'fetch';
export const APPLY = 'apply';

export function sideKey(ref: RunRef, object: ObjectName, side: typeof FETCH | typeof APPLY): string {
  return idOf(ref.workspaceId, ref.runId, object, side);
}

export function runPrefix(ref: Pick<RunRef, 'workspaceId' | 'runId'>): string {
  return prefixOf(ref.workspaceId, ref.runId);
}

export function newFetch(id: string): FetchStored {
  return {
    _id: id,
    order: { slice: -1, attempt: 0 },
    position: 0,
    cursor: null,
    done: false,
    epoch: 0,
    fetched: 0,
    rows: 0,
    requests: 0,
    bytes: 0,
    bookmark: null,
    complete: false,
    closedFor: null,
    updatedAt: '',
  };
}

export function newApply(id: string): ApplyStored {
  return {
    _id: id,
    order: { slice: -1, attempt: 0 },
    position: 0,
    epoch: 0,
    pages: 0,
    counts: {
      fetched: 0,
      created: 0,
      updated: 0,
      unchanged: 0,
      skipped: 0,
      failed: 0,
      deleted: 0,
      skippedBy: { repeated: 0, duplicate: 0, linked: 0, stale: 0, out_of_scope: 0, drifted: 0 },
      duplicates: 0,
      warnings: 0,
      rows: 0,
    },
    question: null,
    closedFor: null,
    updatedAt: '',
  };
}

export function fetchSide(stored: FetchStored): FetchSide {
  const { _id, order: _order, ...side } = stored;
  return { ...keyParts(_id), ...side };
}

export function applySide(stored: ApplyStored): ApplySide {
  const { _id, order: _order, firstAt, lastAt, repairing: _repairing, ...side } = stored;
  const question = unpack(side.question) as ApplySide['question'];
  // A transfer that began before a reason came to be has no count of it.
  const skippedBy = { ...newApply('').counts.skippedBy, ...side.counts.skippedBy };
  const counts = { ...side.counts, skippedBy };
  return { ...keyParts(_id), ...side, counts, question, firstAt: firstAt ?? null, lastAt: lastAt ?? null };
}

function keyParts(id: string): { workspaceId: string; runId: string; object: ObjectName } {
  const [workspaceId = '', runId = '', object = ''] = partsOf(id, 4);
  return { workspaceId, runId, object: object as ObjectName };
}

/** As an `$inc`; what is zero is left out. */
export function countIncrements(counts: Counts): Record<string, number> {
  const increments: Record<string, number> = {};
  const { skippedBy, ...plain } = counts;
  for (const [name, by] of Object.entries(plain)) if (by !== 0) increments[`counts.${name}`] = by;
  for (const [reason, by] of Object.entries(skippedBy)) {
    if (by !== 0) increments[`counts.skippedBy.${reason}`] = by;
  }
  return increments;
}
