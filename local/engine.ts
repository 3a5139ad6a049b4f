import type { ProcessSpec } from './child.js';

/** A local engine that is ready to be run, or one that runs elsewhere. */
export type Engine = {
  /** Where clients reach it. */
  address: string;
  /** What to run; absent when an address in the environment names it. */
  process?: ProcessSpec;
  /** Done once, after it answered for the first time. Safe to repeat. */
  prepare?: () => Promise<void>;
};
