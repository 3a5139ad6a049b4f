import type { ObjectName } from '../../workflows/contract/objects.js';
import type { Draft } from './draft.js';
import { newDraft } from './draft.js';
import { keepExtra } from './extra.js';
import { canonicalText, hashText } from './hash.js';
import { keysOf } from './keys.js';
import { MAX_EXTRA_BYTES, MAX_RECORD_BYTES, MAX_SOURCE_BYTES } from './limits.js';
import { linesStep } from './lines.js';
import type { AddressPart } from './objects.js';
import { fieldOf, requiredFields, specOf } from './objects.js';
import type { JsonObject, Leftovers } from './paths.js';
import { compileLeftovers, isJsonObject } from './paths.js';
import { requiredMissing, tooLarge, troubled, unmappable } from './problem-words.js';
import type { Styles } from './readers.js';
import { stylesOf } from './readers.js';
import type { Source, SourceSpec, Step } from './steps.js';
import * as steps from './steps.js';
import { isCurrency } from './money.js';
import type {
  Json,
  Mapped,
  MappedRecord,
  ObjectMapping,
  ProblemDraft,
  Rules,
  SourceRecord,
} from './types.js';

/** Never throws: what cannot be mapped is a problem of that record. */
export type Mapper = (source: SourceRecord) => Mapped;

export interface MappingOptions {
  /** A provider may raise the limit of one source record (bytes of JSON). */
  maxSourceBytes?: number;
}

interface Compiled {
  object: ObjectName;
  steps: readonly Step[];
  leftovers: Leftovers;
  grouped: boolean;
  required: readonly { name: string; label: string | null }[];
  maxSourceBytes: number;
  /** Below this length of source text no record can pass its own limit. */
  safeLength: number;
}

/**
 * Compiles the effective mapping of `rules` for one object. The result reads each source record on its own, without I/O and
 * without memory of others, so it may run ahead, be repeated, and run in any process.
 */
export function compileMapping(object: ObjectName, rules: Rules, options: MappingOptions = {}): Mapper {
  const mapping = rules.mapping.objects[object];
  if (!mapping) return (source) => refused(source, unmappable(placeOf(source), `${object} have no mapping`));
  const compiled = compile(object, mapping, rules, options);
  return (source) => {
    try {
      return mapOne(compiled, source);
    } catch (error) {
      const why =
        error instanceof RangeError ? 'it is nested too deeply' : 'its shape is none that can be read';
      return refused(source, unmappable(placeOf(source), why));
    }
  };
}

function compile(
  object: ObjectName,
  mapping: ObjectMapping,
  rules: Rules,
  options: MappingOptions,
): Compiled {
  const specs = Object.entries(mapping.fields).flatMap(([target, source]) =>
    source === null ? [] : [{ target, spec: steps.specOfSource(source) }],
  );
  const labels = new Map(specs.map(({ target, spec }) => [target, spec.path]));
  const required = [...requiredFields(object), ...(rules.policies.required[object] ?? [])];
  return {
    object,
    steps: compileSteps(object, mapping, specs, rules),
    leftovers: compileLeftovers(pathsOf(mapping, specs)),
    grouped: mapping.group === true,
    required: [...new Set(required)].map((name) => ({ name, label: labelOf(name, labels) })),
    maxSourceBytes: options.maxSourceBytes ?? MAX_SOURCE_BYTES,
    safeLength: MAX_RECORD_BYTES / 4 / (specs.length + 4),
  };
}

function labelOf(name: string, labels: ReadonlyMap<string, string>): string | null {
  return (
    labels.get(name) ?? (name === 'name' ? (labels.get('firstName') ?? labels.get('lastName') ?? null) : null)
  );
}

function pathsOf(mapping: ObjectMapping, specs: readonly { spec: SourceSpec }[]): string[] {
  const lines = Object.values(mapping.lines ?? {}).map(steps.specOfSource);
  const all = [...specs.map(({ spec }) => spec), ...lines];
  const currencies = all.flatMap(({ currency }) => (currency && !isCurrency(currency) ? [currency] : []));
  return [...all.map(({ path }) => path), ...currencies, ...(mapping.key ?? [])];
}

function compileSteps(
  object: ObjectName,
  mapping: ObjectMapping,
  specs: readonly { target: string; spec: SourceSpec }[],
  rules: Rules,
): Step[] {
  const styles = stylesOf(rules);
  const compiled: Step[] = [];
  const parts: { part: AddressPart; spec: SourceSpec }[] = [];
  let whole: SourceSpec | null = null;
  let lines: SourceSpec | null = null;
  for (const { target, spec } of specs) {
    const known = fieldOf(object, target);
    if (known?.kind === 'relation') compiled.push(steps.relationStep(target, spec));
    else if (known?.kind === 'address') parts.push({ part: known.part, spec });
    else if (known?.spec.type === 'address') whole = spec;
    else if (known?.spec.type === 'lines') lines = spec;
    else if (known) compiled.push(fieldStep(object, target, spec, rules, styles));
  }
  if (whole || parts.length > 0) compiled.push(steps.addressStep('address', whole, parts, styles));
  if (mapping.lines && (lines || mapping.group === true))
    compiled.push(linesStep(lines, mapping.lines, styles));
  return compiled;
}

function fieldStep(object: ObjectName, target: string, spec: SourceSpec, rules: Rules, styles: Styles): Step {
  const field = specOf(object).fields[target] ?? { type: 'text' };
  if (field.type === 'owner') return steps.ownerStep(spec, rules, styles);
  if (field.type === 'status') return steps.statusStep(object, spec, field, rules, styles);
  if (field.type !== 'money') return steps.plainStep(target, spec, field, styles);
  return spec.sum === true ? steps.sumStep(target, spec, styles) : steps.moneyStep(target, spec, styles);
}

function mapOne(compiled: Compiled, source: SourceRecord): Mapped {
  const place = placeOf(source);
  if (source.trouble) return refused(source, { ...troubled(place, source.trouble), ...likenessOf(source) });
  const text = canonicalText(source.data);
  if (isOver(text, compiled.maxSourceBytes)) {
    return refused(source, tooLarge(place, 'the source record', `${compiled.maxSourceBytes / 1024} KiB`));
  }
  const draft = newDraft(place);
  if (source.deleted === true) return { ok: true, record: finished(compiled, source, draft, text) };
  const parts = partsOf(source.data, compiled.grouped);
  if (typeof parts === 'string') return refused(source, unmappable(place, parts));
  for (const step of compiled.steps) step(parts, draft);
  nameContact(compiled.object, draft);
  checkRequired(compiled, draft);
  keepExtra(parts, compiled.leftovers, draft, text.length > MAX_EXTRA_BYTES / 4);
  checkSize(compiled, draft, text.length);
  const [first, ...others] = draft.problems;
  if (first) return { ok: false, ...place, problems: [first, ...others] };
  return { ok: true, record: finished(compiled, source, draft, text) };
}

function placeOf(source: SourceRecord): { externalId: string; position: string | null } {
  return { externalId: source.externalId, position: source.position ?? null };
}

function likenessOf({ nameless, data }: SourceRecord): Pick<ProblemDraft, 'likeness'> {
  return nameless ? { likeness: hashText(canonicalText(data)) } : {};
}

function refused(source: SourceRecord, problem: ProblemDraft): Mapped {
  return { ok: false, ...placeOf(source), problems: [problem] };
}

function partsOf(data: Json, grouped: boolean): Source | string {
  if (!isJsonObject(data)) return 'it is no object with named fields';
  if (!grouped) return { first: data, rows: [data] };
  const rows: Json = Object.hasOwn(data, 'rows') ? (data['rows'] ?? null) : null;
  const first = Array.isArray(rows) ? rows[0] : undefined;
  if (
    !Array.isArray(rows) ||
    !isJsonObject(first) ||
    !rows.every((row): row is JsonObject => isJsonObject(row))
  ) {
    return 'its group has no rows';
  }
  return { first, rows };
}

/** Counting bytes is dear, and a text that is short enough needs no counting: no character takes more than 3 bytes a unit. */
function isOver(text: string, bytes: number): boolean {
  return text.length > bytes || (text.length * 3 > bytes && Buffer.byteLength(text) > bytes);
}

/** A contact's name is made of its parts where the source has none. */
function nameContact(object: ObjectName, draft: Draft): void {
  if (object !== 'contacts' || typeof draft.fields['name'] === 'string') return;
  const name = composedName(draft.fields);
  if (name !== null) draft.fields['name'] = name;
}

export function composedName(fields: Readonly<Record<string, unknown>>): string | null {
  const parts = [fields['firstName'], fields['lastName']].filter(
    (part) => typeof part === 'string' && part !== '',
  );
  return parts.length === 0 ? null : parts.join(' ');
}

function checkRequired(compiled: Compiled, draft: Draft): void {
  for (const { name, label } of compiled.required) {
    if (isPresent(draft, name) || draft.problems.some((problem) => problem.field === name)) continue;
    draft.problems.push(requiredMissing(draft, name, label));
  }
}

function isPresent(draft: Draft, name: string): boolean {
  const value = draft.fields[name] ?? draft.relations[name] ?? null;
  if (value !== null) return true;
  const dot = name.indexOf('.');
  const address = dot < 0 ? null : draft.fields[name.slice(0, dot)];
  return typeof address === 'object' && address !== null && Object.hasOwn(address, name.slice(dot + 1));
}

function checkSize(compiled: Compiled, draft: Draft, sourceLength: number): void {
  if (sourceLength < compiled.safeLength) return;
  const { fields, relations, extra } = draft;
  if (!isOver(JSON.stringify({ fields, relations, extra }), MAX_RECORD_BYTES)) return;
  draft.problems.push(tooLarge(draft, 'the record', `${MAX_RECORD_BYTES / 1024} KiB`));
}

function finished(compiled: Compiled, source: SourceRecord, draft: Draft, text: string): MappedRecord {
  const { fields, relations, extra, unmapped, warnings } = draft;
  return {
    externalId: source.externalId,
    modifiedAt: source.modifiedAt ?? null,
    deleted: source.deleted === true,
    position: draft.position,
    sourceHash: hashText(text),
    fields,
    relations,
    extra,
    unmapped,
    ...keysOf(compiled.object, fields, relations),
    warnings,
  };
}
