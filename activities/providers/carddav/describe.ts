import { z } from 'zod';
import { defaultVCardMapping } from '../formats/vcard-mapping.js';
import type { ProviderDescription } from '../provider.js';

const settings = z.strictObject({
  url: z
    .string()
    .trim()
    .min(1)
    .max(2_048)
    .refine(isAddress, {
      error:
        'Give the address of the CardDAV server, such as https://dav.example.com, without user name or password.',
    })
    .meta({ description: 'A host, or the address of the server, the account or one address book.' }),
  addressBook: z
    .string()
    .trim()
    .min(1)
    .max(1_024)
    .optional()
    .meta({ description: "Name or address of the book; the account's main one when absent." }),
});

const credentials = z.strictObject({
  // RFC 7617 §2: a colon ends the user name, control characters are not allowed in either.
  username: z
    .string()
    .min(1)
    .max(1_024)
    .refine(noControl)
    .refine((name) => !name.includes(':'), {
      error: 'A user name with a colon cannot be sent.',
    }),
  password: z.string().min(1).max(4_096).refine(noControl).meta({ writeOnly: true, format: 'password' }),
});

export type CardDavCredentials = z.infer<typeof credentials>;

export const carddavSettings = settings;
export const carddavCredentials = credentials;

/** What can be said of CardDAV without asking a server. RFC 6352. */
export const carddav: ProviderDescription = {
  id: 'carddav',
  name: 'Address book (CardDAV)',
  auth: ['basic'],
  actions: { import: true, sync: true },
  settings,
  credentials,
  addressSettings: ['url'],
  objects: [
    {
      object: 'accounts',
      nameAtProvider: 'Organizations of the cards',
      neededPermission: 'read the address book',
      defaultMapping: { fields: { name: 'organization' } },
      // Derived from all cards: which organizations changed is told by no server, only whether anything did.
      changes: 'listing',
      // That no card names an organization any more does not say that there is none.
      deletions: 'none',
      bookmarkVersion: 1,
      // Found by walking the cards: a name met long ago may come again after a restart.
      uniqueIds: false,
    },
    {
      object: 'contacts',
      nameAtProvider: 'Cards',
      neededPermission: 'read the address book',
      defaultMapping: {
        fields: { ...defaultVCardMapping.fields, account: { path: 'organizationId', relation: 'accounts' } },
      },
      // RFC 6578; where a server lacks it, everything is read and what is absent from it is looked up.
      changes: 'token',
      deletions: 'tombstones',
      bookmarkVersion: 1,
      // RFC 6352 §5.1 wants UIDs unique within a book; copied cards and some servers do not keep to it.
      uniqueIds: false,
    },
  ],
};

function isAddress(text: string): boolean {
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  if (!URL.canParse(full)) return false;
  const url = new URL(full);
  return /^https?:$/.test(url.protocol) && url.hostname !== '' && url.username === '' && url.password === '';
}

function noControl(text: string): boolean {
  return !/\p{Cc}/u.test(text);
}
