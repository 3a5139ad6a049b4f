import { z } from 'zod';
import type { ObjectName } from '../../../workflows/contract/objects.js';
import type { ProviderDescription } from '../provider.js';

/** `locale` says how numbers and days are written (`de-DE`); `timeZone` is the zone of times that name none. */
const filesSettings = z.strictObject({
  locale: z
    .string()
    .min(2)
    .max(35)
    .refine(isLocale, 'No such locale. Use one like de-DE or en-US.')
    .optional(),
  timeZone: z
    .string()
    .min(1)
    .max(64)
    .refine(isTimeZone, 'No such time zone. Use one like Europe/Berlin.')
    .optional(),
});

const OBJECTS: readonly ObjectName[] = [
  'accounts',
  'contacts',
  'products',
  'projects',
  'deals',
  'tasks',
  'invoices',
];

/** Uploaded CSV, XLSX, NDJSON and vCard files, one per object. What is absent from a file says nothing about what was deleted. */
export const files: ProviderDescription = {
  id: 'files',
  name: 'Files',
  auth: ['file'],
  actions: { import: true, sync: false },
  settings: filesSettings,
  credentials: z.strictObject({}),
  addressSettings: [],
  objects: OBJECTS.map((object) => ({
    object,
    nameAtProvider: 'rows',
    changes: 'none',
    deletions: 'none',
    uniqueIds: false,
  })),
};

function isLocale(locale: string): boolean {
  try {
    return Intl.getCanonicalLocales(locale.replaceAll('_', '-')).length === 1;
  } catch {
    return false;
  }
}

function isTimeZone(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
