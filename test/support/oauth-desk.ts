import { v7 as uuid } from 'uuid';
import { createConnections, type Connections } from '../../activities/connections/connections.js';
import { createLoginDesk } from '../../activities/connections/exchange.js';
import { createSealer, sealingKey, type Sealer } from '../../activities/connections/seal.js';
import { createTokenEndpoint } from '../../activities/connections/token-endpoint.js';
import type { ActivityDeps } from '../../activities/deps.js';
import type { Store } from '../../activities/store/store.js';

export const NETWORK = { allowPrivate: true, requestTimeoutMs: 5_000, maxResponseBytes: 1_000_000 };

/** What a worker is wired with for OAuth, as `worker/run-worker.ts` does it. */
export function oauthDesk(
  store: Pick<Store, 'logins' | 'credentials'>,
  secretKey: string,
  now: () => Date = () => new Date(),
): Pick<ActivityDeps, 'logins' | 'openCredentials'> & { connections: Connections; sealer: Sealer } {
  const sealer = createSealer([sealingKey(secretKey)]);
  const tokens = createTokenEndpoint({ network: NETWORK, now });
  const connections = createConnections({
    ...{ store: store.credentials, sealer, tokens, now },
    newId: () => uuid(),
  });
  return {
    ...{ connections, sealer },
    logins: createLoginDesk({ store, sealer, tokens }),
    openCredentials: (workspaceId, appId, rejected) => connections.open({ workspaceId, appId }, rejected),
  };
}
