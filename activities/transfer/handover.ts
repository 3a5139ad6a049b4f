import type { StagedPage } from '../store/moving.js';

/** Pages that the fetch side has staged and the apply side has not taken: kept in memory to save reading them again. */
const MOST_IN_MEMORY = 4;

/**
 * Hands staged pages from the fetch loop to the apply loop of one slice. Only a short cut: every page lies in the store
 * before it is offered here, so that whatever is lost with this process is read from there.
 */
export interface Handover {
  /** Waits while the apply side is behind. Returns at once after `stop`. */
  offer(page: StagedPage): Promise<void>;
  /** Whether this page can be had without waiting for the provider. */
  isReady(seq: number): boolean;
  /** The page of this number if it is (or soon will be) in memory; null: look in the store, or there is no more. */
  take(seq: number): Promise<StagedPage | null>;
  /** The fetch side offers no more. */
  end(): void;
  /** The apply side takes no more. */
  stop(): void;
  readonly stopped: boolean;
}

/** With `stageOnly` nobody takes: offers are let go at once. */
export function createHandover(firstSeq: number, stageOnly = false): Handover {
  const pages: StagedPage[] = [];
  let ended = false;
  let stopped = false;
  let wake: () => void = () => undefined;
  let changed = new Promise<void>((resolve) => (wake = resolve));

  function notify(): void {
    wake();
    changed = new Promise<void>((resolve) => (wake = resolve));
  }

  return {
    async offer(page) {
      if (stageOnly) return;
      while (pages.length >= MOST_IN_MEMORY && !stopped) await changed;
      if (stopped) return;
      pages.push(page);
      notify();
    },
    isReady: (seq) => seq < firstSeq || pages.length > 0 || ended,
    async take(seq) {
      if (seq < firstSeq) return null;
      while (pages.length === 0 && !ended) await changed;
      const page = pages.shift() ?? null;
      notify();
      return page;
    },
    end() {
      ended = true;
      notify();
    },
    stop() {
      stopped = true;
      notify();
    },
    get stopped() {
      return stopped;
    },
  };
}
