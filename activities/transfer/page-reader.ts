import type { RunRef } from '../../workflows/contract/ids.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { AsPlanned } from '../plan/as-planned.js';
import type { PlannedOutcome } from '../records/plan.js';
import type { Mapped, SourceRecord } from '../records/types.js';
import type { StagedPage } from '../store/moving.js';
import type { Store } from '../store/store.js';
import type { Handover } from './handover.js';

export interface ReadPage {
  page: StagedPage;
  /** Null where it was not planned. */
  planned: PlannedPage | null;
}

/** All of it, as it was planned, and as it maps. */
export interface PlannedPage {
  outcomes: PlannedOutcome[];
  mapped: Mapped[];
}

export interface PageReader {
  /** A page that was staged; null: there is no more. */
  read(seq: number): Promise<ReadPage | null>;
  /**
   * Begins to read a page that will be asked for next. Only where all is staged: then a page and what was planned of it stay as they
   * are, so that it does not matter when they are read. Never throws: what could not be read is read again when it is asked for.
   */
  ahead(seq: number): void;
}

export function createPageReader(
  store: Pick<Store, 'pages'>,
  args: {
    ref: RunRef;
    object: ObjectName;
    /** Read nothing ahead from this page on. */
    beforeSeq: number;
    plan: AsPlanned | null;
    map: (record: SourceRecord) => Mapped;
    handover: Handover;
    signal: AbortSignal;
  },
): PageReader {
  const { ref, object, beforeSeq, plan, map, handover, signal } = args;
  let next: { seq: number; page: Promise<ReadPage | null> } | null = null;

  async function readNow(seq: number): Promise<ReadPage | null> {
    const taken = await handover.take(seq);
    const [page, outcomes] = await Promise.all([
      taken ?? store.pages.source(ref, object, seq),
      plan?.outcomes(seq) ?? null,
    ]);
    return page && { page, planned: outcomes && { outcomes, mapped: page.records.map(map) } };
  }

  return {
    async read(seq) {
      const begun = next?.seq === seq ? await next.page : null;
      next = null;
      return begun ?? readNow(seq);
    },
    ahead(seq) {
      if (!plan || seq >= beforeSeq || signal.aborted || next?.seq === seq) return;
      next = { seq, page: readNow(seq).catch(() => null) };
    },
  };
}
