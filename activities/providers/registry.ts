import type { Provider } from './provider.js';

/** The providers of a process, by id. Made in the composition root. */
export interface Registry {
  get(id: string): Provider | undefined;
  /** In the order given. */
  all(): readonly Provider[];
}

/** Two providers with one id, or an offer made twice, are mistakes of the composition: it throws at once. */
export function createRegistry(providers: readonly Provider[]): Registry {
  const byId = new Map<string, Provider>();
  for (const provider of providers) {
    if (byId.has(provider.id)) throw new Error(`Two providers are called "${provider.id}".`);
    const offered = provider.objects.map(({ object }) => object);
    if (new Set(offered).size !== offered.length) {
      throw new Error(`The provider "${provider.id}" offers an object twice.`);
    }
    byId.set(provider.id, provider);
  }
  return { get: (id) => byId.get(id), all: () => [...byId.values()] };
}
