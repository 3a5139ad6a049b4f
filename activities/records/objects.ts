import type { ObjectName } from '../../workflows/contract/objects.js';

/**
 * What a field holds, and so how a source value is read into it:
 * - `text`, `url`: trimmed text · `texts`: a list of texts (tags, labels)
 * - `email(s)`: folded address · `phone(s)`: E.164
 * - `status`, `choice`: one of `values` · `owner`: a member's id
 * - `date`: `YYYY-MM-DD` · `datetime`: ISO 8601 UTC
 * - `money`: `Money` · `percent`: whole number 0 to 100 · `address`: `Address` · `lines`: `Line[]`
 */
export type FieldType =
  | 'text'
  | 'texts'
  | 'url'
  | 'email'
  | 'emails'
  | 'phone'
  | 'phones'
  | 'domain'
  | 'status'
  | 'choice'
  | 'owner'
  | 'address'
  | 'date'
  | 'datetime'
  | 'money'
  | 'percent'
  | 'lines';

export interface FieldSpec {
  type: FieldType;
  required?: true;
  /** Strong keys tie records together; weak ones are only listed. */
  key?: 'strong' | 'weak';
  /** Of `status` and `choice`. */
  values?: readonly string[];
  /** Of `status`: what an unmapped or missing status becomes. */
  neutral?: string;
}

export interface ObjectSpec {
  fields: Readonly<Record<string, FieldSpec>>;
  /** Relation field to target object. */
  relations: Readonly<Record<string, ObjectName>>;
  /** What a person would call this record: what lists show and `q` searches. */
  nameField: string;
  /** Two fields that both change only when it is not the same thing any more: evidence for `key_reused`. */
  identity: readonly [string, string];
}

const text: FieldSpec = { type: 'text' };
const requiredText: FieldSpec = { type: 'text', required: true };
const texts: FieldSpec = { type: 'texts' };
const url: FieldSpec = { type: 'url' };
const owner: FieldSpec = { type: 'owner' };
const address: FieldSpec = { type: 'address' };
const date: FieldSpec = { type: 'date' };
const datetime: FieldSpec = { type: 'datetime' };
const money: FieldSpec = { type: 'money' };

function status(neutral: string, values: string[]): FieldSpec {
  return { type: 'status', values, neutral };
}

/** Every field of every object, in the order in which a run moves the objects. Names are part of the HTTP contract. */
const SPECS: Readonly<Record<ObjectName, ObjectSpec>> = {
  accounts: {
    fields: {
      name: { type: 'text', required: true, key: 'weak' },
      domain: { type: 'domain', key: 'strong' },
      website: url,
      industry: text,
      email: { type: 'email' },
      phone: { type: 'phone' },
      address,
      status: status('active', ['prospect', 'active', 'inactive']),
      owner,
      taxId: { type: 'text', key: 'strong' },
      tags: texts,
      notes: text,
    },
    relations: { parent: 'accounts' },
    nameField: 'name',
    identity: ['name', 'domain'],
  },
  contacts: {
    fields: {
      name: requiredText,
      firstName: text,
      lastName: text,
      email: { type: 'email', key: 'strong' },
      emails: { type: 'emails', key: 'strong' },
      phone: { type: 'phone', key: 'weak' },
      phones: { type: 'phones', key: 'weak' },
      title: text,
      status: status('active', ['lead', 'active', 'inactive']),
      owner,
      address,
      birthday: date,
      tags: texts,
      notes: text,
      url,
    },
    relations: { account: 'accounts' },
    nameField: 'name',
    identity: ['name', 'email'],
  },
  products: {
    fields: {
      name: requiredText,
      sku: { type: 'text', key: 'strong' },
      description: text,
      price: money,
      cost: money,
      unit: text,
      category: text,
      status: status('active', ['active', 'archived']),
    },
    relations: {},
    nameField: 'name',
    identity: ['name', 'sku'],
  },
  projects: {
    fields: {
      name: { type: 'text', required: true, key: 'weak' },
      description: text,
      status: status('active', ['planned', 'active', 'on_hold', 'done', 'cancelled']),
      startDate: date,
      endDate: date,
      owner,
      url,
    },
    relations: { account: 'accounts' },
    nameField: 'name',
    identity: ['name', 'startDate'],
  },
  deals: {
    fields: {
      title: requiredText,
      amount: money,
      status: status('open', ['open', 'won', 'lost']),
      stage: text,
      probability: { type: 'percent' },
      expectedCloseDate: date,
      closedAt: datetime,
      owner,
      tags: texts,
      notes: text,
    },
    relations: { account: 'accounts', contact: 'contacts' },
    nameField: 'title',
    identity: ['title', 'amount'],
  },
  tasks: {
    fields: {
      title: { type: 'text', required: true, key: 'weak' },
      description: text,
      status: status('open', ['open', 'in_progress', 'done', 'cancelled']),
      priority: { type: 'choice', values: ['none', 'low', 'normal', 'high', 'urgent'] },
      dueDate: date,
      completedAt: datetime,
      owner,
      labels: texts,
      url,
    },
    relations: { project: 'projects', parent: 'tasks' },
    nameField: 'title',
    identity: ['title', 'dueDate'],
  },
  invoices: {
    fields: {
      number: { type: 'text', required: true, key: 'weak' },
      status: status('draft', ['draft', 'open', 'paid', 'overdue', 'void', 'uncollectible']),
      issueDate: date,
      dueDate: date,
      total: money,
      tax: money,
      balance: money,
      lines: { type: 'lines' },
      owner,
    },
    relations: { account: 'accounts', contact: 'contacts' },
    nameField: 'number',
    identity: ['number', 'issueDate'],
  },
};

/** In the order in which a run moves them. */
export const OBJECT_NAMES = Object.keys(SPECS) as [ObjectName, ...ObjectName[]];

export const ADDRESS_PARTS = ['street', 'city', 'region', 'postalCode', 'country'] as const;
export type AddressPart = (typeof ADDRESS_PARTS)[number];

/** Fields of an invoice's line; `product` is a relation. */
export const LINE_FIELDS = {
  description: 'text',
  quantity: 'decimal',
  unitPrice: 'money',
  amount: 'money',
  product: 'relation',
} as const;
export type LineField = keyof typeof LINE_FIELDS;
export const LINE_RELATION_TARGET: ObjectName = 'products';

export function isLineField(name: string): name is LineField {
  return Object.hasOwn(LINE_FIELDS, name);
}

/** What a mapping's target names: a field, a part of an address, or a relation. */
export type Target =
  | { kind: 'field'; name: string; spec: FieldSpec }
  | { kind: 'address'; name: string; part: AddressPart }
  | { kind: 'relation'; name: string; target: ObjectName };

export function specOf(object: ObjectName): ObjectSpec {
  return SPECS[object];
}

/** `name`, `address.city`, `account`; `null` when the object has no such field. */
export function fieldOf(object: ObjectName, target: string): Target | null {
  const spec = SPECS[object];
  const field = Object.hasOwn(spec.fields, target) ? spec.fields[target] : undefined;
  if (field) return { kind: 'field', name: target, spec: field };
  const related = Object.hasOwn(spec.relations, target) ? spec.relations[target] : undefined;
  if (related) return { kind: 'relation', name: target, target: related };
  const dot = target.indexOf('.');
  if (dot < 0) return null;
  const name = target.slice(0, dot);
  const part = ADDRESS_PARTS.find((each) => each === target.slice(dot + 1));
  if (!part || !Object.hasOwn(spec.fields, name) || spec.fields[name]?.type !== 'address') return null;
  return { kind: 'address', name, part };
}

/** Every name that a mapping, a policy or an edit may use for this object, for messages and proposals. */
export function targetsOf(object: ObjectName): string[] {
  const { fields, relations } = SPECS[object];
  return [
    ...Object.entries(fields).flatMap(([name, spec]) =>
      spec.type === 'address' ? ADDRESS_PARTS.map((part) => `${name}.${part}`) : [name],
    ),
    ...Object.keys(relations),
  ];
}

export function statusesOf(object: ObjectName): readonly string[] {
  return SPECS[object].fields['status']?.values ?? [];
}

/** What a record's status is when nobody says: also that of a new record whose source has no status at all. */
export function neutralStatus(object: ObjectName): string {
  const neutral = SPECS[object].fields['status']?.neutral;
  if (neutral === undefined) throw new Error(`${object} has no neutral status`);
  return neutral;
}

/** The fields that tell who or what a record is. */
export function identityOf(object: ObjectName): readonly [string, string] {
  return SPECS[object].identity;
}

export function requiredFields(object: ObjectName): string[] {
  return Object.entries(SPECS[object].fields)
    .filter(([, spec]) => spec.required)
    .map(([name]) => name);
}
