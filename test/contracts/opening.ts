import type { OpenConnection } from '../../activities/providers/provider.js';
import type { Opening } from './provider.js';

/** What a provider on the network gets to work with in the suite. */
export function connectionOf(
  settings: unknown,
  credentials: unknown,
  { limit, onRequest }: Opening = {},
): OpenConnection {
  return {
    ...{ workspaceId: 'w1', appId: 'a1', settings, credentials: async () => credentials },
    mapping: { objects: {}, owners: {}, statuses: {} },
    network: { allowPrivate: true, requestTimeoutMs: 30_000, maxResponseBytes: 4_000_000 },
    onRequest: () => onRequest?.(),
    ...(limit === undefined ? {} : { limit }),
  };
}
