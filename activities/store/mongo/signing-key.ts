import type { SigningKeyDoc } from '../documents.js';
import type { SigningKeys } from '../store.js';
import type { Database } from './collections.js';
import { getPacked, insertPacked } from './packed.js';

/** The deployment's, so no workspace's: it outlives them all. */
const KEY = 'signing-key';

export function createSigningKeys(database: Database): SigningKeys {
  const get = (): Promise<SigningKeyDoc | null> => getPacked<SigningKeyDoc>(database, 'meta', KEY);
  return {
    get,
    async insert(made) {
      await insertPacked(database, 'meta', KEY, made);
      return (await get()) ?? made;
    },
  };
}
