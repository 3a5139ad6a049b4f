import type { Actor } from '../../workflows/contract/activities.js';
import type { ObjectName } from '../../workflows/contract/objects.js';

export interface UndoState {
  mode: 'undo' | 'manual';
  state: 'previewed' | 'running' | 'done';
  object: ObjectName | null;
  remove: number;
  restore: number;
  keep: number;
  eventsDropped: number;
  eventsDelivered: number;
  /** The first 100; the rest by `undo.conflicts`. */
  conflicts: StoredConflict[];
  conflictCount: number;
  note: string | null;
  by: Actor | null;
  at: string;
}

/** One clean-up of one object: who did it, when, and what it took back. */
export interface CleanupEntry {
  object: ObjectName;
  mode: 'undo' | 'manual';
  removed: number;
  restored: number;
  kept: number;
  conflicts: number;
  note: string | null;
  by: Actor | null;
  /** When the clean-up began, of all its objects. */
  at: string;
  endedAt: string;
}

export interface StoredConflict {
  object: ObjectName;
  recordId: string;
  externalId: string | null;
  field?: string;
  current: unknown;
  wouldBe: unknown;
  why: string;
}
