import { readXml } from './xlsx-xml.js';

/** What a cell's number format says about its number. */
export type NumberFormat =
  | { kind: 'plain' }
  | { kind: 'date' }
  | { kind: 'time' }
  | { kind: 'duration' }
  | { kind: 'percent' }
  /** Digits in fixed places (`00000`, `000-0000`): the zeros in front belong to the value. */
  | { kind: 'mask'; mask: string };

const PLAIN: NumberFormat = { kind: 'plain' };

/** The format of each cell style by its index (ECMA-376 §18.8: `cellXfs` refer to built-in or own number formats). */
export async function readStyles(bytes: AsyncIterable<Buffer>): Promise<NumberFormat[]> {
  const own = new Map<number, NumberFormat>();
  const styles: NumberFormat[] = [];
  let inCellFormats = false;
  await readXml(bytes, {
    open: (name, attributes) => {
      if (name === 'numFmt')
        own.set(Number(attributes['numFmtId']), formatOf(attributes['formatCode'] ?? ''));
      else if (name === 'cellXfs') inCellFormats = true;
      else if (name === 'xf' && inCellFormats) {
        const id = Number(attributes['numFmtId'] ?? 0);
        styles.push(own.get(id) ?? builtIn(id));
      }
    },
    close: (name) => {
      if (name === 'cellXfs') inCellFormats = false;
    },
  });
  return styles;
}

function builtIn(id: number): NumberFormat {
  if ((id >= 14 && id <= 17) || id === 22) return { kind: 'date' };
  if ((id >= 18 && id <= 21) || id === 45 || id === 47) return { kind: 'time' };
  if (id === 46) return { kind: 'duration' };
  if (id === 9 || id === 10) return { kind: 'percent' };
  // East Asian dates.
  if ((id >= 27 && id <= 31) || id === 36 || (id >= 50 && id <= 58)) return { kind: 'date' };
  return id >= 32 && id <= 35 ? { kind: 'time' } : PLAIN;
}

/** Only the first section counts (positive numbers); quoted text, escapes, colours and currencies are taken out first. */
export function formatOf(code: string): NumberFormat {
  const bare = code
    .replace(/"[^"]*"/g, '')
    .replace(/\\(.)/g, (_whole, char: string) => (char === '-' || char === ' ' ? char : ''))
    .replace(/[_*]./g, '')
    .replace(/\[\$[^\]]*\]/g, '')
    .split(';')[0];
  if (bare === undefined || /general/i.test(bare)) return PLAIN;
  if (/\[(h+|m+|s+)\]/i.test(bare)) return { kind: 'duration' };
  const letters = bare.replace(/\[[^\]]*\]/g, '').replace(/AM\/PM|A\/P/gi, 'h');
  if (/[yd]/i.test(letters)) return { kind: 'date' };
  if (/[hs]/i.test(letters)) return { kind: 'time' };
  if (/m/i.test(letters)) return { kind: 'date' };
  if (letters.includes('%')) return { kind: 'percent' };
  return /^0[0\- ]*0$/.test(letters) ? { kind: 'mask', mask: letters } : PLAIN;
}
