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
  records: SourceRecord[];
  states: PageState[];
  /** The page of source after the last one that was looked at; null: that was the last. */
  next: number | null;
}

/** The next source records that are meant: whole pages of source, at most 500 records of at most 50 pages. */
export async function pickBatch(store: Store, picking: Picking, from: number): Promise<Batch> {
  const { ref, object, chosen, signal } = picking;
  const batch: Batch = { picked: [], records: [], states: [], next: null };
  const ids = chosen.externalIds ? { externalIds: [...chosen.externalIds] } : {};
  for (let at: number | null = from; at !== null;) {
    signal.throwIfAborted();
    const { items, next } = await store.repairs.states(ref, object, { from: at, limit: STATES_READ, ...ids });
    for (const state of items) {
      const found = await pickOf(store, picking, state);
      const full =
        batch.picked.length + found.picked.length > RECORDS_A_PAGE || batch.states.length >= SOURCE_PAGES;
      if (full && batch.picked.length > 0) return { ...batch, next: state.seq };
      if (found.picked.length === 0) continue;
      batch.picked.push(...found.picked);
      batch.records.push(...found.records);
      batch.states.push(state);
    }
    at = next;
  }
  return batch;
}

async function pickOf(
  store: Store,
  picking: Picking,
  state: PageState,
): Promise<Pick<Batch, 'picked' | 'records'>> {
  const found: Pick<Batch, 'picked' | 'records'> = { picked: [], records: [] };
  const notes = new Map(state.notes.map(([index, failed, counted]) => [index, { failed, counted }]));
  if (!mayHave(picking, state)) return found;
  const page = await store.pages.source(picking.ref, picking.object, state.seq);
  (page?.records ?? []).forEach((record, index) => {
    const said = notes.get(index);
    if (!isWanted(picking, record, state.marks[index] ?? '', said)) return;
    found.records.push(record);
    found.picked.push({
      ...{ seq: state.seq, index, externalId: record.externalId, before: state.marks[index] ?? '' },
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

function isWanted(
  picking: Picking,
  record: SourceRecord,
  mark: string,
  notes: RecordNotes | undefined,
): boolean {
  const { chosen, decided, changed } = picking;
  const { externalId } = record;
  const meant = isMeant(chosen, { externalId, mark, notes, decided: decided.has(externalId) });
  if (meant !== 'if_changed') return meant === 'yes';
  return mayEndOtherwise(mark, changed, () => picking.mappingChanged && mapsOtherwise(picking, record));
}

function mapsOtherwise({ mapBefore, mapNow }: Picking, record: SourceRecord): boolean {
  return JSON.stringify(mapBefore(record)) !== JSON.stringify(mapNow(record));
}
