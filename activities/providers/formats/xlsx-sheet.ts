import { MAX_ROW_LENGTH } from './reading.js';
import { createTextCollector } from './xlsx-strings.js';
import type { SharedStrings } from './xlsx-strings.js';
import type { NumberFormat } from './xlsx-styles.js';
import { numberText } from './xlsx-values.js';
import { parseXml } from './xlsx-xml.js';

/** Everything that the cells of a sheet refer to. */
export interface CellContext {
  strings: SharedStrings;
  formats: NumberFormat[];
  from1904: boolean;
}

export interface SheetRow {
  /** As the spreadsheet counts: 1 is the first. */
  line: number;
  /** By column, 0 is A; holes are empty cells. Text as a person sees it; errors as `#N/A`. */
  cells: string[];
  /** Characters of all cells; beyond `MAX_ROW_LENGTH` the rest of the row was dropped. */
  length: number;
  /** Cells with a formula whose result was never saved. */
  uncalculated: number;
}

const MAX_COLUMN = 16_384;
const PLAIN: NumberFormat = { kind: 'plain' };

/** The rows of a sheet that have a cell with something in it, in batches as they are unpacked (ECMA-376 §18.3). */
export async function* readSheet(
  bytes: AsyncIterable<Buffer>,
  context: CellContext,
): AsyncGenerator<SheetRow[]> {
  let done: SheetRow[] = [];
  let row: SheetRow = { line: 0, cells: [], length: 0, uncalculated: 0 };
  let cell = newCell(0);
  let column = -1;
  let inValue = false;
  const inline = createTextCollector();

  function openRow(attributes: Record<string, string>): void {
    const said = Number(attributes['r']);
    row = { line: said > row.line ? said : row.line + 1, cells: [], length: 0, uncalculated: 0 };
    column = -1;
  }

  function openCell(attributes: Record<string, string>): void {
    const said = columnOf(attributes['r']);
    column = said ?? column + 1;
    cell = newCell(column, attributes);
    inline.start();
  }

  function closeCell(): void {
    const text = cell.type === 'inlineStr' ? inline.take() : valueOf(cell, context);
    if (cell.formula && text === '') row.uncalculated += 1;
    row.length += text.length;
    if (text !== '' && cell.column < MAX_COLUMN && row.length <= MAX_ROW_LENGTH)
      row.cells[cell.column] = text;
  }

  const steps = parseXml(bytes, {
    open: (name, attributes) => {
      if (name === 'row') openRow(attributes);
      else if (name === 'c') openCell(attributes);
      else if (name === 'v') inValue = true;
      else if (name === 'f') cell.formula = true;
      else inline.open(name);
    },
    text: (text) => {
      if (!inValue) inline.add(text);
      else if (cell.value.length <= MAX_ROW_LENGTH) cell.value += text;
    },
    close: (name) => {
      if (name === 'v') inValue = false;
      else if (name === 'c') closeCell();
      else if (name === 'row') {
        if (row.length > 0) done.push(row);
      } else inline.close(name);
    },
  });
  for await (const _piece of steps) {
    if (done.length === 0) continue;
    yield done;
    done = [];
  }
  if (done.length > 0) yield done;
}

interface Cell {
  column: number;
  type: string;
  style: number;
  value: string;
  formula: boolean;
}

function newCell(column: number, attributes: Record<string, string> = {}): Cell {
  return {
    column,
    type: attributes['t'] ?? 'n',
    style: Number(attributes['s'] ?? 0),
    value: '',
    formula: false,
  };
}

/** `BC12` is column 54. */
function columnOf(reference: string | undefined): number | undefined {
  const letters = /^[A-Za-z]{1,3}/.exec(reference ?? '')?.[0].toUpperCase();
  if (letters === undefined) return undefined;
  let column = 0;
  for (const letter of letters) column = column * 26 + letter.charCodeAt(0) - 64;
  return column - 1;
}

function valueOf({ type, value, style }: Cell, { strings, formats, from1904 }: CellContext): string {
  switch (type) {
    case 's':
      return value.trim() === '' ? '' : (strings.get(Number(value)) ?? '');
    case 'b':
      return value === '' ? '' : value.trim() === '1' ? 'true' : 'false';
    case 'n':
      return numberText(value, formats[style] ?? PLAIN, from1904);
    case 'd':
      return value.replace(/T00:00:00(\.0+)?Z?$/, '');
    // `str` is a formula's text, `e` an error.
    default:
      return value;
  }
}

/** How many rows of a sheet have something in them, without reading what. */
export async function countRows(bytes: AsyncIterable<Buffer>): Promise<number> {
  let rows = 0;
  let filled = false;
  let rest = '';
  for await (const piece of bytes) {
    const text = rest + piece.toString('latin1');
    const cut = text.lastIndexOf('<');
    rest = cut === -1 ? '' : text.slice(cut, cut + 64);
    for (const tag of text.slice(0, cut === -1 ? text.length : cut).matchAll(/<(?:\w+:)?(row|v|is)[\s>]/g)) {
      if (tag[1] === 'row') filled = false;
      else if (!filled) {
        filled = true;
        rows += 1;
      }
    }
  }
  return rows;
}
