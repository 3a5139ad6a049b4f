import { ProviderFailure } from '../providers/provider.js';
import { SealBroken } from './seal.js';
import type { Sealed, SealContext, Sealer } from './seal.js';

/** What is needed of the store: one sealed secret per app. `store.credentials` is one. */
export interface CredentialStore {
  get(workspaceId: string, appId: string): Promise<{ sealed: Sealed } | null>;
  put(credentials: SealContext & { sealed: Sealed }): Promise<void>;
  remove(workspaceId: string, appId: string): Promise<void>;
}

/** The credentials of apps. Nothing is kept in memory, so that what is entered in one process counts in all. */
export interface Connections {
  /** Replaces what was there. The caller has validated the shape against the provider's schema. */
  put(app: SealContext, credentials: unknown): Promise<void>;
  /** Throws a `ProviderFailure` (`credentials_rejected`) where there are none or they cannot be opened. */
  open(app: SealContext): Promise<unknown>;
  /** Safe to repeat. */
  remove(app: SealContext): Promise<void>;
}

export function createConnections(deps: { store: CredentialStore; sealer: Sealer }): Connections {
  const { store, sealer } = deps;
  return {
    put: (app, credentials) =>
      store.put({ ...bare(app), sealed: sealer.seal(app, JSON.stringify(credentials)) }),
    async open(app) {
      const stored = await store.get(app.workspaceId, app.appId);
      if (stored === null) {
        throw new ProviderFailure(
          'credentials_rejected',
          'This app has no credentials. Enter them, then check the connection. Nothing was read or written.',
        );
      }
      try {
        return parsed(sealer.open(app, stored.sealed));
      } catch (error) {
        if (error instanceof SealBroken) throw new ProviderFailure('credentials_rejected', error.message);
        throw error;
      }
    },
    remove: (app) => store.remove(app.workspaceId, app.appId),
  };
}

/** A parser's error would quote the text, which is the secret. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new ProviderFailure(
      'credentials_rejected',
      'The stored credentials cannot be read. Enter them again.',
    );
  }
}

/** `app` may be a whole document; no more of it than its ids is passed on. */
function bare({ workspaceId, appId }: SealContext): SealContext {
  return { workspaceId, appId };
}
