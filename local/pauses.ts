export type PauseRule = { firstMs: number; mostMs: number; calmMs: number };

/** Short at first, because a single crash should cost nothing; doubled while it goes on, so that a broken program does not spin. */
export const USUAL_PAUSES: PauseRule = { firstMs: 200, mostMs: 15_000, calmMs: 30_000 };

/** The pause before each next start; a run of at least `calmMs` begins anew with the shortest. */
export function createPauses(rule: PauseRule): { next(ranMs: number): number } {
  let last = 0;
  return {
    next(ranMs) {
      last = last === 0 || ranMs >= rule.calmMs ? rule.firstMs : Math.min(last * 2, rule.mostMs);
      return last;
    },
  };
}
