import type { Json } from '../../records/types.js';
import { isPlainObject, textOfValue, valueAt } from '../formats/value-at.js';
import type { CanonicalRow } from '../provider.js';
import { currencyIn, lookOf } from './looks.js';
import type { Look } from './looks.js';
import { createNumberSet } from './number-set.js';
import type { NumberSet } from './number-set.js';
import { hash53 } from './splits.js';

/** What all rows together say about one column. */
export interface ColumnProfile {
  name: string;
  filled: number;
  /** No value came twice: checked up to half a million different ones in a possible key, up to 30,000 elsewhere. */
  unique: boolean;
  /** How many different values, where that was counted to the end. */
  distinct: number | null;
  /** Values that equal the one in the row before; and values that came back after another. */
  adjacent: number;
  returns: number;
  samples: string[];
  looksLike: Look | null;
  /** The one currency that every sampled value names. */
  currency: string | null;
  /** Days in `1/2/2024` style whose first, second part is above 12. */
  dayFirst: boolean;
  monthFirst: boolean;
  /** Differs inside groups of the column that `groupBy` named. */
  varies: boolean;
}

export interface Profile {
  rows: number;
  broken: number;
  columns: ColumnProfile[];
}

export interface Profiler {
  add(rows: readonly CanonicalRow[]): void;
  done(): Profile;
}

/** Rows that bring their own columns (NDJSON, vCard) name them in the first so many. */
const ROWS_WITH_NEW_COLUMNS = 1_000;
const MAX_COLUMNS = 2_000;
/** Every row is looked at up to here, then one in twenty. */
const SAMPLE_ROWS = 2_000;
const SAMPLE_STEP = 20;
const SAMPLE_LENGTH = 60;
/** So many different values are held against each other; after that a column counts as what it was until then. */
const KEY_VALUES = 2 ** 19;
const OTHER_VALUES = 2 ** 15;
/** A look counts for a column when this share of its sampled values has it. */
const LOOK_SHARE = 0.9;

/**
 * Gathers what a mapping is proposed from, in memory that does not grow with the file. `columns`: from the header, or `null`
 * where each row brings its own. `isKey`: columns whose repeats are counted to the end; others are let go at the first.
 */
export function createProfiler(
  columns: string[] | null,
  isKey: (name: string) => boolean,
  groupBy: string | undefined,
): Profiler {
  const trackers = new Map<string, Tracker>();
  for (const name of columns ?? []) trackers.set(name, newTracker(name, isKey(name)));
  let rows = 0;
  let broken = 0;
  let previousGroup = '';
  let all = [...trackers.values()];

  function add(batch: readonly CanonicalRow[]): void {
    for (const row of batch) {
      rows += 1;
      if (row.trouble) {
        broken += 1;
        continue;
      }
      if (columns === null && rows <= ROWS_WITH_NEW_COLUMNS) discover(row.data);
      const group = groupBy === undefined ? '' : textOfValue(valueAt(row.data, groupBy));
      const sameGroup = group !== '' && group === previousGroup;
      previousGroup = group;
      const isSampled = rows <= SAMPLE_ROWS || rows % SAMPLE_STEP === 0;
      for (const tracker of all) {
        const value = textIn(row.data, tracker.profile.name);
        // Most columns of a long file: nothing is asked of them any more but whether there is something in them.
        if (tracker.seen === null && !isSampled && groupBy === undefined)
          tracker.profile.filled += value === '' ? 0 : 1;
        else track(tracker, value, isSampled, sameGroup);
      }
    }
  }

  function discover(data: Json): void {
    const known = trackers.size;
    for (const name of namesIn(data)) {
      if (!trackers.has(name) && trackers.size < MAX_COLUMNS)
        trackers.set(name, newTracker(name, isKey(name)));
    }
    if (trackers.size > known) all = [...trackers.values()];
  }

  return { add, done: () => ({ rows, broken, columns: [...trackers.values()].map(finish) }) };
}

/** Every name at the top, and the dotted paths of what lies inside objects. Lists are one column. */
export function namesIn(data: Json, prefix = '', depth = 0): string[] {
  if (!isPlainObject(data) || depth > 8) return [];
  return Object.entries(data).flatMap(([name, value]) => {
    const path = `${prefix}${name}`;
    return [path, ...namesIn(value, `${path}.`, depth + 1)];
  });
}

interface Tracker {
  profile: ColumnProfile;
  seen: NumberSet | null;
  isKey: boolean;
  previous: string;
  sampled: number;
  looks: Map<Look, number>;
  currencies: Map<string, number>;
}

function newTracker(name: string, isKey: boolean): Tracker {
  return {
    profile: {
      name,
      filled: 0,
      unique: true,
      distinct: null,
      adjacent: 0,
      returns: 0,
      samples: [],
      looksLike: null,
      currency: null,
      dayFirst: false,
      monthFirst: false,
      varies: false,
    },
    seen: createNumberSet(isKey ? KEY_VALUES : OTHER_VALUES),
    isKey,
    previous: '',
    sampled: 0,
    looks: new Map(),
    currencies: new Map(),
  };
}

/** Texts, which is what tables hold, take the short way. */
function textIn(data: Json, name: string): string {
  const plain = (data as Record<string, Json | undefined>)[name];
  return typeof plain === 'string' ? plain.trim() : textOfValue(valueAt(data, name));
}

function track(tracker: Tracker, value: string, isSampled: boolean, sameGroup: boolean): void {
  const { profile } = tracker;
  if (sameGroup && value !== tracker.previous) profile.varies = true;
  if (value === '') {
    tracker.previous = '';
    return;
  }
  profile.filled += 1;
  if (value === tracker.previous) {
    profile.adjacent += 1;
    profile.unique = false;
  } else if (tracker.seen?.add(hash53(value))) {
    profile.returns += 1;
    profile.unique = false;
  }
  if (!profile.unique && !tracker.isKey) tracker.seen = null;
  tracker.previous = value;
  if (isSampled) sample(tracker, value);
}

function sample(tracker: Tracker, value: string): void {
  const { profile, looks, currencies } = tracker;
  tracker.sampled += 1;
  const short = value.length > SAMPLE_LENGTH ? `${value.slice(0, SAMPLE_LENGTH)}…` : value;
  // A slice keeps the text alive that it was cut from, which is a whole piece of the file: copy it.
  if (profile.samples.length < 3 && !profile.samples.includes(short))
    profile.samples.push(Buffer.from(short).toString());
  const look = lookOf(value);
  if (look === null) return;
  looks.set(look, (looks.get(look) ?? 0) + 1);
  if (look === 'money') {
    const currency = currencyIn(value);
    if (currency) currencies.set(currency, (currencies.get(currency) ?? 0) + 1);
  }
  if (look === 'day_slashes') {
    const [first = 0, second = 0] = value.split(/[/-]/).map(Number);
    if (first > 12) profile.dayFirst = true;
    if (second > 12) profile.monthFirst = true;
  }
}

/** Whole numbers among others are numbers; a currency sign on some amounts makes them all money. */
const WIDER: [Look, Look][] = [
  ['integer', 'number'],
  ['integer', 'decimal_comma'],
  ['integer', 'grouped_number'],
  ['number', 'grouped_number'],
  ['date', 'datetime'],
  ['integer', 'phone'],
];

function finish({ profile, seen, sampled, looks, currencies }: Tracker): ColumnProfile {
  const counts = new Map(looks);
  for (const [narrow, wide] of WIDER) {
    const both = (looks.get(narrow) ?? 0) + (looks.get(wide) ?? 0);
    if ((looks.get(wide) ?? 0) > 0) counts.set(wide, Math.max(both, counts.get(wide) ?? 0));
  }
  const best = [...counts].sort((a, b) => b[1] - a[1])[0];
  const [currency, named] = [...currencies][0] ?? [null, 0];
  return {
    ...profile,
    unique: profile.unique && profile.filled > 0,
    distinct: seen && !seen.isFull ? seen.size : null,
    looksLike: best && best[1] >= sampled * LOOK_SHARE ? best[0] : null,
    currency: named === sampled && sampled > 0 ? currency : null,
  };
}
