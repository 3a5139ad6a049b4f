import { carddavProvider } from './carddav/provider.js';
import { filesProvider } from './files/provider.js';
import { linearProvider } from './linear/provider.js';
import type { Provider } from './provider.js';

/** What a worker can run: the code behind `descriptions.ts`, in the same order. */
export const installedProviders: readonly Provider[] = [filesProvider, carddavProvider, linearProvider];
