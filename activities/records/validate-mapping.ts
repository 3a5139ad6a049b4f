import type { ObjectName } from '../../workflows/contract/objects.js';
import { isDateFormat } from './dates.js';
import { isCurrency } from './money.js';
import type { FieldType } from './objects.js';
import {
  fieldOf,
  isLineField,
  LINE_FIELDS,
  LINE_RELATION_TARGET,
  OBJECT_NAMES,
  requiredFields,
  statusesOf,
  targetsOf,
} from './objects.js';
import { foldChoice } from './readers.js';
import type { SourceSpec } from './steps.js';
import { specOfSource } from './steps.js';
import type { As, Mapping, ObjectMapping } from './types.js';

/** `path`: into the mapping, as zod writes it: `['objects', 'contacts', 'fields', 'nmae']`. */
export interface MappingIssue {
  path: (string | number)[];
  message: string;
}

export interface MappingContext {
  /** What the app's provider offers. Absent: not checked. */
  objects?: readonly ObjectName[];
  /** Columns that the source has, per object, where they are known: a path that is neither one of them nor dotted is refused. */
  columns?: Partial<Record<ObjectName, readonly string[]>>;
  /** Groups and keys are for files. */
  isFile?: boolean;
}

/** Everything that is wrong with an effective mapping, most precise place first; an empty list when it can be used. */
export function validateMapping(mapping: Mapping, context: MappingContext = {}): MappingIssue[] {
  const issues: MappingIssue[] = [];
  for (const object of OBJECT_NAMES) {
    const one = mapping.objects[object];
    if (!one) continue;
    const at = ['objects', object];
    if (context.objects && !context.objects.includes(object)) {
      issues.push({
        path: at,
        message: `This app has no ${object}; it offers ${context.objects.join(', ')}.`,
      });
      continue;
    }
    issues.push(
      ...objectIssues(object, one, at),
      ...keyIssues(one, at, context),
      ...columnIssues(object, one, at, context),
    );
  }
  return [...issues, ...statusIssues(mapping, context)];
}

/** As `validateMapping`, for one object: what a run of it would stop at. */
function objectIssues(object: ObjectName, mapping: ObjectMapping, at: (string | number)[]): MappingIssue[] {
  const issues: MappingIssue[] = [];
  for (const [target, source] of Object.entries(mapping.fields)) {
    if (source === null) continue;
    const path = [...at, 'fields', target];
    for (const message of fieldIssues(object, target, specOfSource(source), mapping))
      issues.push({ path, message });
  }
  for (const name of requiredFields(object)) {
    const parts = object === 'contacts' && name === 'name' ? ['name', 'firstName', 'lastName'] : [name];
    if (!parts.some((part) => isMapped(mapping, part))) {
      issues.push({
        path: [...at, 'fields', name],
        message: `Nothing is mapped to ${name}, which ${object} need.`,
      });
    }
  }
  return [...issues, ...lineIssues(object, mapping, at)];
}

function isMapped(mapping: ObjectMapping, target: string): boolean {
  return Object.hasOwn(mapping.fields, target) && mapping.fields[target] !== null;
}

function fieldIssues(object: ObjectName, target: string, spec: SourceSpec, mapping: ObjectMapping): string[] {
  const known = fieldOf(object, target);
  if (!known) return [`${object} have no field ${target}; they have ${targetsOf(object).join(', ')}.`];
  const type: FieldType | 'relation' =
    known.kind === 'relation' ? 'relation' : known.kind === 'address' ? 'text' : known.spec.type;
  const issues = specIssues(type, spec);
  if (known.kind === 'relation' && spec.relation !== undefined && spec.relation !== known.target) {
    issues.push(`${target} of ${object} leads to ${known.target}, not to ${spec.relation}.`);
  }
  if (known.kind !== 'relation' && spec.relation !== undefined)
    issues.push(`${target} of ${object} is no relation.`);
  if (spec.sum === true && type !== 'money')
    issues.push(`Only amounts can be added up, and ${target} is none.`);
  if (spec.sum === true && mapping.group !== true)
    issues.push('`sum` adds the rows of a group: set `group` to true.');
  if (type === 'lines' && mapping.group === true)
    issues.push('The lines of a group are its rows: map them under `lines` alone.');
  if (type === 'lines' && !mapping.lines) issues.push('Say under `lines` what each line is made of.');
  return issues;
}

const READ_AS: Readonly<Partial<Record<FieldType | 'relation' | 'decimal', readonly As[]>>> = {
  url: ['text'],
  email: ['text', 'email'],
  emails: ['text', 'email', 'list'],
  phone: ['text', 'phone'],
  phones: ['text', 'phone', 'list'],
  domain: ['text', 'email'],
  texts: ['text', 'list'],
  date: ['text', 'date', 'datetime'],
  datetime: ['text', 'date', 'datetime'],
  money: ['text', 'number', 'money'],
  percent: ['text', 'number'],
  decimal: ['text', 'number'],
  relation: ['text', 'number'],
  address: ['text'],
  lines: ['list'],
};

function specIssues(type: FieldType | 'relation' | 'decimal', spec: SourceSpec): string[] {
  const issues: string[] = [];
  const allowed = READ_AS[type];
  if (spec.as !== undefined && allowed && !allowed.includes(spec.as)) {
    issues.push(`This field cannot be read as ${spec.as}; it takes ${allowed.join(', ')}.`);
  }
  const dated = type === 'date' || type === 'datetime' || spec.as === 'date' || spec.as === 'datetime';
  if (spec.format !== undefined && !dated)
    issues.push('`format` says how a date is written, and this field is none.');
  else if (spec.format !== undefined && !isDateFormat(spec.format)) {
    issues.push(`'${spec.format}' is no format of a date; write for example dd.MM.yyyy or yyyy-MM-dd HH:mm.`);
  }
  if (spec.currency !== undefined && type !== 'money')
    issues.push('`currency` belongs to an amount, and this field is none.');
  else if (spec.currency !== undefined && /^[A-Z]{3}$/.test(spec.currency) && !isCurrency(spec.currency)) {
    issues.push(`${spec.currency} is no ISO 4217 currency.`);
  }
  return issues;
}

function lineIssues(object: ObjectName, mapping: ObjectMapping, at: (string | number)[]): MappingIssue[] {
  if (!mapping.lines) return [];
  const path = [...at, 'lines'];
  if (object !== 'invoices') return [{ path, message: `${object} have no lines; only invoices do.` }];
  const issues: MappingIssue[] = [];
  if (mapping.group !== true && !isMapped(mapping, 'lines')) {
    issues.push({ path, message: 'Lines need `group: true`, or a path to a list under `fields.lines`.' });
  }
  for (const [name, source] of Object.entries(mapping.lines)) {
    const spec = specOfSource(source);
    const messages = isLineField(name) ? specIssues(LINE_FIELDS[name], spec) : [];
    if (!isLineField(name))
      messages.push(`A line has no ${name}; it has ${Object.keys(LINE_FIELDS).join(', ')}.`);
    else if (spec.relation !== undefined && (name !== 'product' || spec.relation !== LINE_RELATION_TARGET)) {
      messages.push("Only a line's product is a relation, and it leads to products.");
    }
    if (spec.sum === true) messages.push('A line is one row: there is nothing to add up.');
    issues.push(...messages.map((message) => ({ path: [...path, name], message })));
  }
  return issues;
}

function keyIssues(mapping: ObjectMapping, at: (string | number)[], context: MappingContext): MappingIssue[] {
  if (context.isFile === false && mapping.group === true) {
    return [{ path: [...at, 'group'], message: 'Only files have rows that can be grouped.' }];
  }
  if (context.isFile === false && mapping.key) {
    return [{ path: [...at, 'key'], message: 'This provider has ids of its own; a key is for files.' }];
  }
  if (mapping.group === true && !mapping.key) {
    return [
      { path: [...at, 'key'], message: 'Rows are grouped by their key: say which columns it is made of.' },
    ];
  }
  return [];
}

function columnIssues(
  object: ObjectName,
  mapping: ObjectMapping,
  at: (string | number)[],
  context: MappingContext,
): MappingIssue[] {
  const columns = context.columns?.[object];
  if (!columns) return [];
  const known = new Set(columns);
  const missing = (path: string): boolean => !known.has(path) && !/[.[]/.test(path);
  const say = (path: (string | number)[], column: string): MappingIssue => ({
    path,
    message: `The source has no column '${column}'; it has ${columns.slice(0, 50).join(', ')}.`,
  });
  const issues: MappingIssue[] = [];
  for (const [n, column] of (mapping.key ?? []).entries())
    if (missing(column)) issues.push(say([...at, 'key', n], column));
  for (const part of ['fields', 'lines'] as const) {
    for (const [target, source] of Object.entries(mapping[part] ?? {})) {
      if (source === null) continue;
      const spec = specOfSource(source);
      if (missing(spec.path) && spec.default === undefined)
        issues.push(say([...at, part, target], spec.path));
    }
  }
  return issues;
}

function statusIssues(mapping: Mapping, { objects }: MappingContext): MappingIssue[] {
  const issues: MappingIssue[] = [];
  for (const object of OBJECT_NAMES) {
    if (objects && !objects.includes(object)) {
      if (Object.keys(mapping.statuses[object] ?? {}).length === 0) continue;
      const message = `This app has no ${object}; it offers ${objects.join(', ')}. Set \`statuses.${object}\` to null to remove what is there.`;
      issues.push({ path: ['statuses', object], message });
      continue;
    }
    const known = statusesOf(object);
    for (const [value, status] of Object.entries(mapping.statuses[object] ?? {})) {
      if (known.includes(status)) continue;
      const message = `${object} have no status '${status}'; they have ${known.join(', ')}.`;
      issues.push({ path: ['statuses', object, value], message });
    }
    const unknown = unknownDefault(mapping, object, known);
    if (unknown !== null) {
      const message = `The default '${unknown}' is no status of ${object} and nothing under \`statuses\` maps it; they have ${known.join(', ')}.`;
      issues.push({ path: ['objects', object, 'fields', 'status'], message });
    }
  }
  return issues;
}

/** A default is read as the source's own value would be: by name, or by the mapping of statuses. */
function unknownDefault(mapping: Mapping, object: ObjectName, known: readonly string[]): string | null {
  const source = mapping.objects[object]?.fields['status'];
  const said = source ? specOfSource(source).default : undefined;
  if (said === undefined || said.trim() === '') return null;
  const names = [...known, ...Object.keys(mapping.statuses[object] ?? {})].map(foldChoice);
  return names.includes(foldChoice(said)) ? null : said;
}
