import { setTimeout as sleep } from 'node:timers/promises';
import { StoreUnavailable } from '../store/store.js';

/** Less than the lease under which tokens are renewed, with the request for them before it. */
const PATIENCE_MS = 20_000;
const PAUSE_MS = 500;

/**
 * For a write of what a provider gives out once (a traded code, a rotated refresh token): a store that is away for a moment must not
 * cost the connection. `write` may have taken effect although it failed, so it must bear being repeated.
 */
export async function insisting<T>(write: () => Promise<T>): Promise<T> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || performance.now() > until) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
