import type { ObjectName } from '../../workflows/contract/objects.js';
import type { Understood } from '../failures.js';
import type { Account } from '../providers/provider.js';
import type { Rules } from '../records/types.js';
import type { Finding, PinnedDoc, SinceDoc } from '../store/run-documents.js';

/** What a preflight found, and what it would pin. */
export interface Look {
  blockers: Finding[];
  /** The provider limits or is away: nobody is needed, a run asks again later. Also the last of the blockers. */
  away: Understood | null;
  warnings: Finding[];
  account: Account | null;
  origin: string;
  rules: Rules;
  mappingVersion: number;
  files: PinnedDoc['files'];
  locales: PinnedDoc['locales'];
  totals: Partial<Record<ObjectName, number>>;
  duplicates: Partial<Record<ObjectName, { sampled: number; likely: number; estimate: number }>>;
  /** Of a sync: where each object starts; one that is not named reads everything. */
  since: Partial<Record<ObjectName, SinceDoc>>;
  sentence: string;
}
