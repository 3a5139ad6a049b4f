import type { RunBody } from '../api-client.js';

/** What the demo prints; `live` overwrites the last line on a terminal, and is left out elsewhere. */
export interface Say {
  title(text: string): void;
  line(text: string): void;
  live(text: string): void;
  table(rows: Record<string, unknown>[]): void;
}

export function createSay(out: NodeJS.WriteStream): Say {
  let isLive = false;
  const endLive = (): void => {
    if (isLive) out.write('\n');
    isLive = false;
  };
  const line = (text: string): void => {
    endLive();
    out.write(`${text}\n`);
  };
  return {
    line,
    title: (text) => line(`\n== ${text}`),
    live(text) {
      if (!out.isTTY) return;
      out.write(`\r\x1b[2K   ${text}`);
      isLive = true;
    },
    table(rows) {
      endLive();
      for (const row of columns(rows)) out.write(`   ${row}\n`);
    },
  };
}

/** Aligned text columns with a heading. */
function columns(rows: Record<string, unknown>[]): string[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = [names, ...rows.map((row) => names.map((name) => shown(row[name])))];
  const widths = names.map((_, at) => Math.max(...cells.map((row) => (row[at] ?? '').length)));
  return cells.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

export function shown(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value.length > 60 ? `${value.slice(0, 59)}…` : value;
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

export function progressOf(run: RunBody): string {
  const at = run.objects.find((entry) => entry.state === 'transferring');
  if (!at) return `${run.status}: ${run.step ?? ''} ${run.object ?? ''}`;
  const { fetched = 0, created = 0, updated = 0, failed = 0, skipped = 0 } = at.counts;
  const rate = at.recordsPerSecond ? `, ${Math.round(at.recordsPerSecond)} records/s` : '';
  return `${at.object}: ${fetched} fetched, ${created} created, ${updated} updated, ${skipped} skipped, ${failed} failed${rate}`;
}
