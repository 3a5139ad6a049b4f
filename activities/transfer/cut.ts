import type { SourceRecord } from '../records/types.js';

export const RECORDS_A_PAGE = 500;
const BYTES_A_PAGE = 2 * 1024 * 1024;

/**
 * Cuts one answer of a provider into pages of at most 500 records and about 2 MiB. Sizes are estimated from the shape of
 * the data, because they only keep a page's memory and transaction small; hard limits are checked when a record is mapped.
 */
export function cutIntoPages(records: readonly SourceRecord[]): SourceRecord[][] {
  const pages: SourceRecord[][] = [];
  let page: SourceRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = roughSize(record.data);
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
