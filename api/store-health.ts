import type { Store } from '../activities/store/store.js';

const STORE_MS = 4_000;

export interface StoreHealth {
  reachable: boolean;
  name: string | null;
  version: string | null;
  standIn: boolean | null;
}

/** Never throws, and does not wait for a store that is away. */
export async function storeHealth(store: Pick<Store, 'ping'>): Promise<StoreHealth> {
  const away = { reachable: false, name: null, version: null, standIn: null };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof away>((resolve) => {
    timer = setTimeout(() => resolve(away), STORE_MS);
  });
  const asked = store.ping().then(
    (found) => ({ reachable: true, ...found }),
    () => away,
  );
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}
