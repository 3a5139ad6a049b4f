import { carddav } from './carddav/describe.js';
import { files } from './files/describe.js';
import { linear } from './linear/describe.js';
import type { ProviderDescription } from './provider.js';

/** What can be installed, as far as it can be said without I/O: all that the API knows of providers. */
export const descriptions: readonly ProviderDescription[] = [files, carddav, linear];
