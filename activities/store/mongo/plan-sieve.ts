/**
 * Where a plan has what it did to one object, by what that is looked up by: ids, keys, records. Held in memory, twelve bytes an
 * entry, because nearly every question of a first import is answered with "nowhere", and asking a database that costs a plan more
 * than deciding does. Made of what each planned page keeps beside its states, so that any process can build it anew.
 *
 * An entry is three numbers: 64 bits that stand for a text, and a place: the page and the number of the state in it.
 */
export interface Sieve {
  /** Pages 0 to this one (excluded) are in it. */
  readonly pages: number;
  readonly bytes: number;
  /** Entries of the next page, in order (see `printsOf`). */
  add(prints: Uint32Array): void;
  /** Places of this text, the newest first, at most `most`. Another text may be among them, once in many billions. */
  places(text: string, most: number): number[];
}

/** Of 500 source records a page comes to at most so many states. */
export const MOST_STATES = 512;
const WIDTH = 3;

/** `texts`: of every state of one page what it is looked up by. Sorted, as a sieve takes them. */
export function printsOf(texts: readonly (readonly string[])[]): Uint32Array {
  const count = texts.reduce((sum, each) => sum + each.length, 0);
  const loose = new Uint32Array(count * WIDTH);
  let at = 0;
  texts.forEach((each, index) => {
    for (const text of each) {
      const [high, low] = printOf(text);
      loose.set([high, low, index], at);
      at += WIDTH;
    }
  });
  const order = new Uint32Array(count).map((_none, index) => index * WIDTH);
  order.sort((a, b) => compare(loose, a, loose, b));
  const sorted = new Uint32Array(loose.length);
  order.forEach((from, index) => sorted.set(loose.subarray(from, from + WIDTH), index * WIDTH));
  return sorted;
}

/** Entries of neighbouring pages, merged and sorted: few runs, each about twice as long as the next. */
export function createSieve(): Sieve {
  const runs: Uint32Array[] = [];
  let pages = 0;
  return {
    get pages() {
      return pages;
    },
    get bytes() {
      return runs.reduce((sum, run) => sum + run.byteLength, 0);
    },
    add(prints) {
      const run = prints.slice();
      for (let at = WIDTH - 1; at < run.length; at += WIDTH) run[at] = (run[at] ?? 0) + pages * MOST_STATES;
      pages += 1;
      if (run.length === 0) return;
      runs.push(run);
      for (let last = runs.length - 1; last > 0; last -= 1) {
        const [older, newer] = [runs[last - 1], runs[last]];
        if (!older || !newer || older.length > 2 * newer.length) break;
        runs.splice(last - 1, 2, merged(older, newer));
      }
    },
    places(text, most) {
      const print = printOf(text);
      const found: number[] = [];
      for (let index = runs.length - 1; index >= 0 && found.length < most; index -= 1) {
        const run = runs[index];
        if (run) collect(run, print, most, found);
      }
      return found;
    },
  };
}

function collect(run: Uint32Array, [high, low]: Print, most: number, found: number[]): void {
  let from = 0;
  let to = run.length / WIDTH;
  // The first entry behind all that are equal: entries of one text stand in the order of their places.
  while (from < to) {
    const middle = (from + to) >>> 1;
    const at = middle * WIDTH;
    const theirs = run[at] ?? 0;
    if (theirs < high || (theirs === high && (run[at + 1] ?? 0) <= low)) from = middle + 1;
    else to = middle;
  }
  for (let at = (from - 1) * WIDTH; at >= 0 && found.length < most; at -= WIDTH) {
    if (run[at] !== high || run[at + 1] !== low) break;
    found.push(run[at + 2] ?? 0);
  }
}

/** Of the same text the older entries come first. */
function merged(older: Uint32Array, newer: Uint32Array): Uint32Array {
  const all = new Uint32Array(older.length + newer.length);
  let left = 0;
  let right = 0;
  for (let at = 0; at < all.length; at += WIDTH) {
    const takeOlder =
      left < older.length && (right >= newer.length || compare(older, left, newer, right) <= 0);
    const [from, start] = takeOlder ? [older, left] : [newer, right];
    all[at] = from[start] ?? 0;
    all[at + 1] = from[start + 1] ?? 0;
    all[at + 2] = from[start + 2] ?? 0;
    if (takeOlder) left += WIDTH;
    else right += WIDTH;
  }
  return all;
}

function compare(a: Uint32Array, atA: number, b: Uint32Array, atB: number): number {
  for (let part = 0; part < WIDTH; part += 1) {
    const difference = (a[atA + part] ?? 0) - (b[atB + part] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

type Print = readonly [high: number, low: number];

/** Two multiplying hashes of the UTF-16 units, mixed into each other. Stored while a plan lives, so it does not change. */
function printOf(text: string): Print {
  let high = 0x811c9dc5;
  let low = 0x9e3779b9;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    high = Math.imul(high ^ unit, 0x01000193);
    low = Math.imul(low ^ unit, 0x85ebca6b) ^ (low >>> 15);
  }
  high = mixed(high ^ Math.imul(low, 0xcc9e2d51));
  low = mixed(low ^ Math.imul(high, 0x1b873593));
  return [high, low];
}

function mixed(bits: number): number {
  let all = bits ^ (bits >>> 16);
  all = Math.imul(all, 0x85ebca6b);
  all ^= all >>> 13;
  all = Math.imul(all, 0xc2b2ae35);
  return (all ^ (all >>> 16)) >>> 0;
}
