import type { Logger } from 'pino';
import { StoreUnavailable, type Store } from '../activities/store/store.js';
import { delay } from './ask.js';
import { DEFAULT_WORKSPACE } from './auth.js';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Makes the store ready and the owner's workspace, as soon as the store is there. Safe to repeat and to run in several processes.
 * Throws where waiting does not help: a store that was written by newer code.
 */
export async function prepareStore(deps: {
  store: Store;
  logger: Logger;
  signal: AbortSignal;
}): Promise<void> {
  const { store, logger, signal } = deps;
  for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      await store.prepare();
      const createdAt = new Date().toISOString();
      await store.workspaces.insert({
        workspaceId: DEFAULT_WORKSPACE,
        name: 'Default',
        country: null,
        createdAt,
      });
      const { name, version, standIn } = await store.ping();
      logger.info({ store: name, version, standIn }, 'the store is ready');
      return;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      logger.warn('the store does not answer yet');
      await delay(pause);
    }
  }
}
