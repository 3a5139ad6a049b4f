import { isLosslessNumber } from 'lossless-json';
import type { Json } from './types.js';

export type JsonObject = Record<string, Json>;

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isLosslessNumber(value);
}

/** `undefined`: the source has no such place. `null`: it is there and empty. */
export type Getter = (data: JsonObject) => Json | undefined;

type Step = { name: string } | { each: true };

/**
 * A column's name as it is; else a dotted path: `address.city`, `emails.0.value`, `emails[0].value`, or `emails[].value` for the value of each.
 * The name comes first, so that a column may have dots in its name.
 */
export function compilePath(path: string): Getter {
  const steps = stepsOf(path);
  if (steps === null) return (data) => own(data, path);
  return (data) => {
    const column = own(data, path);
    return column === undefined ? follow(data, steps, 0) : column;
  };
}

function own(data: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(data, name) ? data[name] : undefined;
}

/** `null`: a plain name, nothing to follow. */
function stepsOf(path: string): Step[] | null {
  if (!path.includes('.') && !path.includes('[')) return null;
  const steps: Step[] = [];
  for (const part of path.split('.')) {
    const bracket = /^(.*?)((?:\[\d*\])+)$/.exec(part);
    const name = bracket ? (bracket[1] ?? '') : part;
    if (name !== '') steps.push({ name });
    for (const inner of (bracket?.[2] ?? '').matchAll(/\[(\d*)\]/g)) {
      steps.push(inner[1] === '' || inner[1] === undefined ? { each: true } : { name: inner[1] });
    }
  }
  return steps;
}

function follow(value: Json, steps: readonly Step[], at: number): Json | undefined {
  const step = steps[at];
  if (step === undefined || value === null) return value;
  if ('each' in step) {
    if (!Array.isArray(value)) return undefined;
    const found = value.map((each) => follow(each, steps, at + 1));
    return found.filter((each) => each !== undefined);
  }
  const next = Array.isArray(value)
    ? value[indexOf(step.name)]
    : isJsonObject(value)
      ? own(value, step.name)
      : undefined;
  return next === undefined ? undefined : follow(next, steps, at + 1);
}

function indexOf(name: string): number {
  return /^\d{1,9}$/.test(name) ? Number(name) : -1;
}

/** Which places of the source a mapping reads: what is left over goes to `extra`. */
interface Usage {
  whole: boolean;
  inside: Map<string, Usage>;
}

export type Leftovers = (data: JsonObject) => JsonObject;

/** Where a provider keeps the text that it parsed: it stays with the page (backup, source of one record), not in a record. */
const RAW = '$raw';

/** What no path reads, top level first; empty values are left out. An array of which only a part is read stays whole. */
export function compileLeftovers(paths: readonly string[]): Leftovers {
  const root: Usage = { whole: false, inside: new Map() };
  for (const path of paths) {
    mark(root, [{ name: path }]);
    const steps = stepsOf(path);
    if (steps) mark(root, steps);
  }
  return (data) => {
    const left: JsonObject = {};
    for (const name of Object.keys(data)) {
      const value = data[name];
      if (value === undefined || value === null || value === '' || name === RAW) continue;
      const usage = root.inside.get(name);
      if (usage === undefined) setOwn(left, name, value);
      else if (!usage.whole) setOwn(left, name, unused(value, usage));
    }
    return left;
  };
}

function mark(root: Usage, steps: readonly Step[]): void {
  let usage = root;
  for (const step of steps) {
    const name = 'each' in step ? '[]' : step.name;
    const inside: Usage = usage.inside.get(name) ?? { whole: false, inside: new Map() };
    usage.inside.set(name, inside);
    usage = inside;
  }
  usage.whole = true;
}

function unused(value: Json, usage: Usage): Json | undefined {
  if (Array.isArray(value))
    return usage.inside.get('[]')?.whole === true || value.length === 0 ? undefined : value;
  if (!isJsonObject(value)) return value;
  const left: JsonObject = {};
  for (const [name, each] of Object.entries(value)) {
    const inside = usage.inside.get(name);
    if (inside?.whole === true || each === null || each === '') continue;
    setOwn(left, name, inside ? unused(each, inside) : each);
  }
  return Object.keys(left).length === 0 ? undefined : left;
}

/** A source may call a field `__proto__`; it is data like any other. */
export function setOwn(into: JsonObject, name: string, value: Json | undefined): void {
  if (value === undefined) return;
  if (name === '__proto__')
    Object.defineProperty(into, name, { value, enumerable: true, writable: true, configurable: true });
  else into[name] = value;
}
