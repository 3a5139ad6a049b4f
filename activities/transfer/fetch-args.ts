import type { FailureCode } from '../../workflows/contract/failures.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { Traffic } from '../open-run.js';
import type { Session } from '../providers/provider.js';
import type { FetchSide, SinceDoc } from '../store/run-documents.js';
import type { Handover } from './handover.js';

export interface FetchArgs {
  ref: RunRef;
  object: ObjectName;
  side: FetchSide;
  session: Session;
  /** Stage no page of this number or above, except those of an answer that was begun. */
  beforeSeq: number;
  /** With `cursor_expired` among them, a person asked for a full listing where the stored cursor is good no more. */
  allowed: readonly FailureCode[];
  traffic: Traffic;
  /** Only of a sync: where it starts from, the bookmark's format today, and what is asked for by id after the listing. */
  sync?: { since: SinceDoc | null; bookmarkVersion: number; followUp: FollowUp | null };
  handover: Handover;
  now: () => Date;
  signal: AbortSignal;
}

export interface FollowUp {
  since: SinceDoc | null;
  /** Origin of the app's links. */
  origin: string;
  /** A complete listing that lacks a record says that it may be gone. */
  absenceCounts: boolean;
  /** Milliseconds since the epoch. */
  clock: () => number;
}
