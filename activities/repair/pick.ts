import { meaningOf, type PageNotes, type RecordNotes } from '../records/outcome-marks.js';
import { isMeant, mayEndOtherwise, type Chosen, type Picked, type RulesChanged } from '../records/repair.js';
import type { Mapped, SourceRecord } from '../records/types.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { PageState } from '../store/repair-part.js';
import type { Store } from '../store/store.js';

const RECORDS_A_PAGE = 500;
/** A repair's page touches so many pages of source at the most: its transaction writes each. */
const SOURCE_PAGES = 50;
const STATES_READ = 50;

export interface Picking {
  ref: RunRef;
  object: ObjectName;
  chosen: Chosen;
  /** External ids with a decision that is not carried out yet. */
  decided: ReadonlySet<string>;
  changed: RulesChanged;
  /** As the run mapped, and as is mapped today; the same mapper: nothing is mapped otherwise. */
  mapBefore: (record: SourceRecord) => Mapped;
  mapNow: (record: SourceRecord) => Mapped;
  mappingChanged: boolean;
  signal: AbortSignal;
}

export interface Batch {
  picked: Picked[];
  /** What each of them maps to today. */
  mapped: Mapped[];
  states: PageState[];
  /** The page of source after the last one that was looked at; null: that was the last. */
  next: number | null;
}

/**
 * The source records that are meant, a batch after the other: whole pages of source, at most 500 records of at most 50 pages. Each
 * page is read once. After `stopAt` (ms) a batch ends at the next page, with nothing in it if nothing was meant; but one page is looked
 * at however late it is, so that each slice comes further.
 */
export async function* pickBatches(
  store: Pick<Store, 'repairs' | 'pages'>,
  picking: Picking,
  { from, now, stopAt }: { from: number; now: () => number; stopAt: number },
): AsyncGenerator<Batch, void> {
  let batch = emptyBatch();
  let looked = false;
  for await (const state of statesOf(store, picking, from)) {
    if (looked && now() > stopAt) {
      yield { ...batch, next: state.seq };
      return;
    }
    looked = true;
    const found = await pickOf(store, picking, state);
    if (found.picked.length === 0) continue;
    const full =
      batch.picked.length + found.picked.length > RECORDS_A_PAGE || batch.states.length >= SOURCE_PAGES;
    if (full && batch.picked.length > 0) {
      yield { ...batch, next: state.seq };
      batch = emptyBatch();
    }
    batch.picked.push(...found.picked);
    batch.mapped.push(...found.mapped);
    batch.states.push(state);
  }
  yield batch;
}

function emptyBatch(): Batch {
  return { picked: [], mapped: [], states: [], next: null };
}

async function* statesOf(
  store: Pick<Store, 'repairs'>,
  { ref, object, chosen, signal }: Picking,
  from: number,
): AsyncGenerator<PageState, void> {
  const ids = chosen.externalIds ? { externalIds: [...chosen.externalIds] } : {};
  for (let at: number | null = from; at !== null;) {
    signal.throwIfAborted();
    const { items, next } = await store.repairs.states(ref, object, { from: at, limit: STATES_READ, ...ids });
    yield* items;
    at = next;
  }
}

async function pickOf(
  store: Pick<Store, 'pages'>,
  picking: Picking,
  state: PageState,
): Promise<Pick<Batch, 'picked' | 'mapped'>> {
  const found: Pick<Batch, 'picked' | 'mapped'> = { picked: [], mapped: [] };
  const notes = new Map(state.notes.map(([index, failed, counted]) => [index, { failed, counted }]));
  if (!mayHave(picking, state)) return found;
  const page = await store.pages.source(picking.ref, picking.object, state.seq);
  (page?.records ?? []).forEach((record, index) => {
    const said = notes.get(index);
    const before = state.marks[index] ?? '';
    const mapped = mappedIfWanted(picking, record, before, said);
    if (!mapped) return;
    found.mapped.push(mapped);
    found.picked.push({
      ...{ seq: state.seq, index, externalId: record.externalId, before },
      notes: said ?? { failed: [], counted: [] },
    });
  });
  return found;
}

/** A page of which nothing can be meant is never opened. */
function mayHave(
  { chosen, decided, changed, mappingChanged }: Picking,
  { marks, notes, duplicates }: PageState,
): boolean {
  const { code, externalIds } = chosen;
  if (duplicates.some((externalId) => decided.has(externalId))) return true;
  if (code !== null) {
    const said = ([, failed, counted]: PageNotes[number]): boolean =>
      failed.some(([each]) => each === code) || counted.some(([, each]) => each === code);
    return notes.some(said) || [...new Set(marks)].some((mark) => meaningOf(mark)?.reason === code);
  }
  if (externalIds || mappingChanged || changed.merging) return true;
  const wanted = changed.linked ? /[fxpl]/ : changed.duplicates ? /[fxp]/ : /[fx]/;
  return wanted.test(marks);
}

/** As it maps today; null: it is not meant. */
function mappedIfWanted(
  picking: Picking,
  record: SourceRecord,
  mark: string,
  notes: RecordNotes | undefined,
): Mapped | null {
  const { chosen, decided, changed, mapBefore, mapNow, mappingChanged } = picking;
  const { externalId } = record;
  const meant = isMeant(chosen, { externalId, mark, notes, decided: decided.has(externalId) });
  if (meant === 'no') return null;
  if (meant === 'yes') return mapNow(record);
  if (!mappingChanged) return mayEndOtherwise(mark, changed, () => false) ? mapNow(record) : null;
  const mapped = mapNow(record);
  const mapsOtherwise = (): boolean => JSON.stringify(mapBefore(record)) !== JSON.stringify(mapped);
  return mayEndOtherwise(mark, changed, mapsOtherwise) ? mapped : null;
}
