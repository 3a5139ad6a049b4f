import fc from 'fast-check';
import { decidePage } from '../../activities/records/decide.js';
import { compileMapping } from '../../activities/records/mapping.js';
import type { DecidedPage, PageContext } from '../../activities/records/page.js';
import type { Rules, SourceRecord } from '../../activities/records/types.js';
import { untouchedIn, withUntouched, type Untouched } from '../../activities/records/untouched.js';
import { createPureStore, type PureStore } from '../support/pure-store.js';
import { rulesFor } from './rules.js';

/** What is not decided because nothing about it is new ends exactly as if it had been decided. */

const RULES = rulesFor('contacts', {
  fields: { name: 'name', email: 'mail', title: 'title', 'address.country': 'country' },
});
const ORIGIN = 'crm/1';
const TROUBLE = { code: 'unmappable', message: 'Half of it is missing.' } as const;

interface Outcome {
  decided: DecidedPage;
  untouched: Untouched;
}

function decide(
  store: PureStore,
  records: readonly SourceRecord[],
  how: { run: string; short: boolean; rules?: Rules },
): Outcome {
  const rules = how.rules ?? RULES;
  const map = compileMapping('contacts', rules);
  const context: PageContext = {
    ...{ workspaceId: 'w', appId: 'a', runId: how.run, origin: ORIGIN, object: 'contacts' },
    ...{ now: '2026-06-01T00:00:00.000Z', newId: (externalId) => `r-${externalId}`, idsMayRepeat: false },
  };
  const standing = [...store.links.values()];
  const untouched = how.short ? untouchedIn(records, standing, rules) : new Map<number, string>();
  const rest = records.filter((_record, index) => !untouched.has(index)).map(map);
  const decided = decidePage(rest, store.world(rest, ORIGIN, 'contacts'), rules, context);
  return { decided: withUntouched(decided, records, untouched), untouched };
}

const times = ['2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z', undefined] as const;
const person = fc
  .record({
    id: fc.integer({ min: 1, max: 6 }),
    name: fc.constantFrom('Bo', 'Cy'),
    mail: fc.constantFrom('a@x.example', 'b@x.example', 'not an address', null),
    title: fc.constantFrom('A', null),
    at: fc.constantFrom(...times),
    deleted: fc.boolean(),
    trouble: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  })
  .map(({ id, at, deleted, trouble, ...data }): SourceRecord => {
    const record: SourceRecord = { externalId: String(id), data };
    if (at !== undefined) record.modifiedAt = at;
    if (deleted && at === times[1]) record.deleted = true;
    if (trouble) record.trouble = TROUBLE;
    return record;
  });
const page = fc.array(person, { maxLength: 8 });

/** In which order a store answers candidates says nothing. */
function comparable(decided: DecidedPage): DecidedPage {
  const duplicates = decided.duplicates.map((each) => ({ ...each, candidates: [...each.candidates].sort() }));
  return { ...decided, duplicates };
}

describe('source records that say nothing new', () => {
  it('end as if they had been decided, with all that is written and counted', () => {
    let short = 0;
    fc.assert(
      fc.property(page, fc.array(page, { maxLength: 3 }), (first, later) => {
        const store = createPureStore();
        // Each time most of what was there before comes again, and something else with it.
        const pages = [first, ...later.map((news, n) => [...news.slice(n), ...first.slice(n)])];
        for (const [n, records] of pages.entries()) {
          const run = `run${n}`;
          const whole = decide(store, records, { run, short: false });
          const some = decide(store, records, { run, short: true });
          expect(comparable(some.decided)).toEqual(comparable(whole.decided));
          short += some.untouched.size;
          store.apply(some.decided);
        }
      }),
      { numRuns: 300 },
    );
    expect(short).toBeGreaterThan(50);
  });

  const same: SourceRecord = { externalId: '1', data: { name: 'Bo' }, modifiedAt: times[0] };

  it.each<[string, Partial<SourceRecord>[], Rules, number]>([
    ['the same', [{}], RULES, 1],
    ['other keys first', [{ data: { title: null, name: 'Bo' } }, { data: { name: 'Bo' } }], RULES, 0],
    ['an older time', [{ modifiedAt: '2025-01-01T00:00:00Z' }], RULES, 1],
    ['a newer time', [{ modifiedAt: times[1] }], RULES, 0],
    ['other data', [{ data: { name: 'Cy' } }], RULES, 0],
    ['a tombstone', [{ deleted: true }], RULES, 0],
    ['what could not be read', [{ trouble: TROUBLE }], RULES, 0],
    ['other rules', [{}], { ...RULES, version: 'v2' }, 0],
  ])('%s', (_name, changes, rules, found) => {
    const store = createPureStore();
    store.apply(decide(store, [same], { run: 'run1', short: true }).decided);
    const records = changes.map((change) => ({ ...same, ...change }));
    expect(decide(store, records, { run: 'run2', short: true, rules }).untouched.size).toBe(found);
  });

  it('one that is gone at its source is decided when it comes back', () => {
    const store = createPureStore();
    store.apply(decide(store, [same], { run: 'run1', short: true }).decided);
    store.apply(decide(store, [{ ...same, deleted: true }], { run: 'run2', short: true }).decided);
    const back = decide(store, [same], { run: 'run3', short: true });
    expect(back.untouched.size).toBe(0);
    expect(back.decided.outcomes).toMatchObject([{ outcome: 'updated' }]);
  });
});
