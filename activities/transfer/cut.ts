import { believedTime } from '../records/source-time.js';
import type { SourceRecord } from '../records/types.js';

export const RECORDS_A_PAGE = 500;
const BYTES_A_PAGE = 2 * 1024 * 1024;
/** Four times what a source record may have, and small enough that a page of it fits a document of the store, however it is written. */
const MOST_OF_A_RECORD = 4 * 1024 * 1024;

/**
 * Cuts one answer of a provider into pages of at most 500 records and about 2 MiB. Sizes are estimated from the shape of
 * the data, because they only keep a page's memory and transaction small; hard limits are checked when a record is mapped. One that
 * no page could hold is left out here already, as a failed record, and one whose time cannot be true goes on without it.
 */
export function cutIntoPages(records: readonly SourceRecord[], now: Date): SourceRecord[][] {
  const pages: SourceRecord[][] = [];
  let page: SourceRecord[] = [];
  let bytes = 0;
  for (const sent of records) {
    const sentSize = roughSize(sent.data);
    const record = sentSize > MOST_OF_A_RECORD ? leftOut(sent) : timed(sent, now);
    const size = record.data === sent.data ? sentSize : 0;
    if (page.length > 0 && (page.length >= RECORDS_A_PAGE || bytes + size > BYTES_A_PAGE)) {
      pages.push(page);
      page = [];
      bytes = 0;
    }
    page.push(record);
    bytes += size;
  }
  if (page.length > 0) pages.push(page);
  return pages;
}

function timed(record: SourceRecord, now: Date): SourceRecord {
  const { modifiedAt, ...rest } = record;
  return believedTime(modifiedAt, now) === modifiedAt ? record : rest;
}

function leftOut({ externalId, nameless, position, rows }: SourceRecord): SourceRecord {
  return {
    ...{ externalId, data: null },
    ...(nameless && { nameless }),
    ...(position !== undefined && { position }),
    ...(rows !== undefined && { rows }),
    trouble: {
      code: 'too_large',
      message:
        'This record is far larger than the 1 MiB that a source record may have. It was left out and nothing of it was written; the others were read. Make it smaller at the source, then run it again.',
    },
  };
}

function roughSize(value: unknown): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 8;
  let size = 2;
  if (Array.isArray(value)) {
    for (const item of value) size += roughSize(item);
    return size;
  }
  for (const [key, item] of Object.entries(value)) size += key.length + 4 + roughSize(item);
  return size;
}
