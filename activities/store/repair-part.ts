import type { ObjectName } from '../../workflows/contract/objects.js';
import type { PageNotes, Said } from '../records/outcome-marks.js';
import type { RepairNumbers } from '../records/repair.js';
import type { Counts } from '../records/types.js';

/** What became of the source records of one page so far, repairs included. */
export interface PageState {
  seq: number;
  /** One letter per source record (`records/outcome-marks.ts`). */
  marks: string;
  notes: PageNotes;
  /** External ids that were listed as likely duplicates. */
  duplicates: string[];
}

/** What a repair's page does beside what any page does. */
export interface RepairPart {
  repairId: string;
  /** By how much the run's counts move: `fetched` never does. */
  moved: Counts;
  externalIds: string[];
  /** The pages whose source was decided again, as they are now. */
  states: Pick<PageState, 'seq' | 'marks' | 'notes'>[];
  settled: { seq: number; n: number }[];
  replaced: { seq: number; n: number }[];
  uncounted: Said[];
  /** Where the repair goes on. */
  next: { object: ObjectName; seq: number };
  numbers: RepairNumbers;
  /** Persons' decisions that are carried out with this page. */
  decided: string[];
}
