import { z } from 'zod';
import type { ProviderDescription } from '../../../activities/providers/provider.js';

export const templateSettings = z.strictObject({ url: z.url({ protocol: /^https?$/ }) });
export const templateCredentials = z.strictObject({
  apiKey: z.string().min(1).max(4_096).meta({ writeOnly: true }),
});

/** What the API may know: no I/O here, nor in anything that it imports. */
export const template: ProviderDescription = {
  id: 'template',
  name: 'Template',
  auth: ['api_key'],
  actions: { import: true, sync: true },
  settings: templateSettings,
  credentials: templateCredentials,
  // A new address must not get the secret of the old one.
  addressSettings: ['url'],
  objects: [
    {
      object: 'contacts',
      nameAtProvider: 'people',
      neededPermission: 'people:read',
      defaultMapping: { fields: { name: 'name', email: 'email' } },
      // Honestly what the provider can tell; `none` where it can tell nothing.
      changes: 'cursor',
      deletions: 'tombstones',
      uniqueIds: true,
    },
  ],
};
