import type { ObjectName } from '../../../workflows/contract/objects.js';

/** What exports call one record of an object, folded: it may stand before a column's name (`Person - Email`, `Deal ID`). */
export const NOUNS: Readonly<Record<ObjectName, readonly string[]>> = {
  accounts: [
    'account',
    'company',
    'organization',
    'organisation',
    'org',
    'firma',
    'kunde',
    'entreprise',
    'societe',
    'empresa',
    'business',
  ],
  contacts: [
    'contact',
    'person',
    'customer',
    'client',
    'lead',
    'people',
    'kontakt',
    'kunden',
    'kunde',
    'contacto',
    'cliente',
    'member',
    'user',
    'subscriber',
  ],
  products: ['product', 'item', 'article', 'artikel', 'produkt', 'produit', 'producto', 'articulo', 'part'],
  projects: ['project', 'projekt', 'projet', 'proyecto'],
  deals: ['deal', 'opportunity', 'opp', 'geschaft', 'affaire', 'negocio', 'oportunidad'],
  tasks: ['task', 'issue', 'ticket', 'todo', 'aufgabe', 'tache', 'tarea', 'activity'],
  invoices: [
    'invoice',
    'order',
    'bill',
    'rechnung',
    'rechnungs',
    'auftrag',
    'bestell',
    'facture',
    'factura',
    'receipt',
  ],
};

/** A header without case, accents, blanks and marks: `E-Mail Address` is `emailaddress`, `Straße` is `strasse`. */
export function fold(name: string): string {
  return name
    .replace(/ß/g, 'ss')
    .normalize('NFD')
    .replace(/[^\p{L}\p{N}#]/gu, '')
    .toLowerCase();
}

/** `Person - Email - Work` is `Email - Work` in a file of contacts; a currency in brackets is no part of the name. */
export function ownName(object: ObjectName, column: string): string {
  const bare = column
    .replace(/[([]\s*(\p{Sc}|[A-Z]{3})\s*[)\]]/u, '')
    .replace(/\s+(in\s+)?(EUR|USD|GBP|CHF)$/, '');
  const parts = bare.split(/\s+-\s+/);
  return parts.length > 1 && NOUNS[object].includes(fold(parts[0] ?? '')) ? parts.slice(1).join(' - ') : bare;
}

const ID_WORDS = [
  'id',
  'ids',
  'number',
  'no',
  'nr',
  'nummer',
  'num',
  'numero',
  'key',
  'code',
  'uid',
  'uuid',
  'guid',
  'ref',
];
/** Ids that say nothing of what they are ids of: taken as the record's own. The earlier the better. */
const PLAIN_IDS = [
  'id',
  'recordid',
  'externalid',
  'uuid',
  'guid',
  'uid',
  'sysid',
  'objectid',
  'key',
  'nr',
  'no',
  'number',
  'nummer',
  'code',
  'ref',
  'reference',
];
const ROW_IDS = ['rowid', 'rownumber', 'lineid', '#', 'index', 'idx', 'lfdnr', 'position', 'zeile'];

/**
 * How well a column's name says that it holds the object's own ids: 3 names the object (`Customer ID` of contacts), 2 is an id of
 * nothing in particular, 1 counts rows. 0: no id, or that of something else (`Account ID` of contacts).
 */
export function idRank(object: ObjectName, column: string): 0 | 1 | 2 | 3 {
  const name = fold(ownName(object, column));
  if (NOUNS[object].some((noun) => ID_WORDS.some((word) => name === noun + word))) return 3;
  if (
    object === 'products' &&
    ['sku', 'articlenumber', 'artikelnummer', 'partnumber', 'ean', 'gtin'].includes(name)
  )
    return 3;
  if (PLAIN_IDS.includes(name)) return 2;
  return ROW_IDS.includes(name) ? 1 : 0;
}
