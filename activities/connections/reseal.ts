import type { Credentials, SigningKeys } from '../store/store.js';
import { SealBroken, type SealContext, type Sealed, type Sealer } from './seal.js';

/** What the key that signs certificates is sealed for: no app can have this name, and no workspace has none. */
export const SIGNING_KEY: SealContext = { workspaceId: '', appId: 'certificate-signing-key' };

const AT_ONCE = 200;

export interface Resealed {
  sealedAnew: number;
  /** Sealed with a key that is not in the configuration any more: left as they are. */
  unreadable: number;
}

/**
 * Seals with the newest key what an older one sealed, so that the old key can be taken out of the configuration. Safe to repeat and to
 * run in several processes: each secret is written over exactly what was read.
 */
export async function resealAll(deps: {
  store: { credentials: Credentials; signingKeys: SigningKeys };
  sealer: Sealer;
  /** Asked before every `AT_ONCE` secrets. */
  mayGoOn: () => boolean;
}): Promise<Resealed> {
  const { store, sealer } = deps;
  const done: Resealed = { sealedAnew: 0, unreadable: 0 };

  async function one(
    of: SealContext,
    old: Sealed,
    write: (sealed: Sealed) => Promise<unknown>,
  ): Promise<void> {
    if (!sealer.isOld(old)) return;
    const sealed = again(sealer, of, old);
    if (sealed === null) {
      done.unreadable += 1;
      return;
    }
    await write(sealed);
    done.sealedAnew += 1;
  }

  const key = await store.signingKeys.get();
  if (key) await one(SIGNING_KEY, key.sealed, (sealed) => store.signingKeys.reseal(key, sealed));
  let after: string | null = null;
  while (deps.mayGoOn()) {
    const { items, next }: Awaited<ReturnType<Credentials['walk']>> = await store.credentials.walk(
      after,
      AT_ONCE,
    );
    for (const doc of items) {
      const { workspaceId, appId } = doc;
      await one({ workspaceId, appId }, doc.sealed, (sealed) => store.credentials.replace(doc, sealed));
    }
    if (next === null) break;
    after = next;
  }
  return done;
}

function again(sealer: Sealer, of: SealContext, old: Sealed): Sealed | null {
  try {
    return sealer.seal(of, sealer.open(of, old));
  } catch (error) {
    if (error instanceof SealBroken) return null;
    throw error;
  }
}
