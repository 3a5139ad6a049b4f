import type { SkipReason } from '../../workflows/contract/status.js';
import type { MappedRecord, ProblemDraft } from './types.js';

const SKIPPED: Readonly<Record<SkipReason, string>> = {
  repeated:
    'The same id came earlier in this run, and the first one counts. Nothing was written for this one; if both are meant, give them different ids.',
  duplicate:
    'A record with the same key is there already, and it is not certain that it is the same one. Nothing was written; decide on it under duplicates.',
  linked:
    'This app brought the record before, and its policy leaves such records alone. Nothing was written.',
  stale:
    'The source says that this is older than what is stored. Nothing was written; the newer state stays.',
  drifted:
    'The store has changed since the plan was made, so that this record would be decided otherwise now. Nothing was written.',
  out_of_scope: 'This run does not concern the record. Nothing was written.',
};

export function skippedBecause(source: MappedRecord, reason: SkipReason): ProblemDraft {
  return { severity: 'skipped', code: reason, ...placeOf(source), message: SKIPPED[reason] };
}

export function repeatedDiffers(source: MappedRecord): ProblemDraft {
  return {
    severity: 'warning',
    code: 'repeated_differs',
    ...placeOf(source),
    message:
      'The same id came earlier in this run and said something else. The first one counts and nothing was written for this one; ' +
      'if they are two things, choose key columns that tell them apart.',
  };
}

function placeOf({ externalId, position }: MappedRecord): Pick<ProblemDraft, 'externalId' | 'position'> {
  return position === null ? { externalId } : { externalId, position };
}
