import { ZipFile } from 'yazl';

/** A cell: text (shared), or what stands between `<c ...>` and `</c>` with its attributes. */
export type CellSpec = string | { attributes?: string; xml: string } | null;

export interface SheetSpec {
  name: string;
  rows: CellSpec[][];
  state?: 'hidden';
}

export interface WorkbookSpec {
  sheets: SheetSpec[];
  date1904?: boolean;
  /** Format codes; style 1 has the first one, and so on. */
  formats?: string[];
  /** Parts added as they are. */
  extra?: Record<string, Buffer>;
}

/** A real workbook, small and written part by part as ECMA-376 has it, so that a test can say anything. */
export function workbook(spec: WorkbookSpec): Promise<Buffer> {
  const strings: string[] = [];
  const sheets = spec.sheets.map((sheet) => sheetXml(sheet, strings));
  const parts: Record<string, string | Buffer> = {
    '[Content_Types].xml': `${HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
    '_rels/.rels': relations([['rId1', 'officeDocument', 'xl/workbook.xml']]),
    'xl/workbook.xml': workbookXml(spec),
    'xl/_rels/workbook.xml.rels': relations([
      ...spec.sheets.map((_, at): [string, string, string] => [
        `rId${at + 1}`,
        'worksheet',
        `worksheets/sheet${at + 1}.xml`,
      ]),
      ['rIdS', 'sharedStrings', '/xl/sharedStrings.xml'],
      ['rIdT', 'styles', 'styles.xml'],
    ]),
    'xl/sharedStrings.xml': `${HEAD}<sst xmlns="${MAIN}">${strings.map((text) => `<si>${text}</si>`).join('')}</sst>`,
    'xl/styles.xml': stylesXml(spec.formats ?? []),
    ...Object.fromEntries(sheets.map((xml, at) => [`xl/worksheets/sheet${at + 1}.xml`, xml])),
    ...spec.extra,
  };
  return zipped(parts);
}

export async function zipped(parts: Record<string, string | Buffer>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [path, content] of Object.entries(parts)) zip.addBuffer(Buffer.from(content), path);
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

function relations(list: [id: string, type: string, target: string][]): string {
  const items = list.map(
    ([id, type, target]) => `<Relationship Id="${id}" Type="${OFFICE}/${type}" Target="${target}"/>`,
  );
  return `${HEAD}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${items.join('')}</Relationships>`;
}

function workbookXml({ sheets, date1904 }: WorkbookSpec): string {
  const list = sheets.map(
    ({ name, state }, at) =>
      `<sheet name="${escape(name)}" sheetId="${at + 1}" r:id="rId${at + 1}"${state ? ` state="${state}"` : ''}/>`,
  );
  return `${HEAD}<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><workbookPr${date1904 ? ' date1904="1"' : ''}/><sheets>${list.join('')}</sheets></workbook>`;
}

function stylesXml(formats: string[]): string {
  const own = formats.map((code, at) => `<numFmt numFmtId="${200 + at}" formatCode="${escape(code)}"/>`);
  const xfs = formats.map((_, at) => `<xf numFmtId="${200 + at}" applyNumberFormat="1"/>`);
  return `${HEAD}<styleSheet xmlns="${MAIN}"><numFmts count="${own.length}">${own.join('')}</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/>${xfs.join('')}<xf numFmtId="14"/></cellXfs></styleSheet>`;
}

function sheetXml({ rows }: SheetSpec, strings: string[]): string {
  const body = rows.map(
    (cells, row) =>
      `<row r="${row + 1}">${cells.map((cell, at) => cellXml(cell, `${letters(at)}${row + 1}`, strings)).join('')}</row>`,
  );
  return `${HEAD}<worksheet xmlns="${MAIN}"><sheetData>${body.join('\n')}</sheetData></worksheet>`;
}

function cellXml(cell: CellSpec, reference: string, strings: string[]): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return `<c r="${reference}" ${cell.attributes ?? ''}>${cell.xml}</c>`;
  strings.push(`<t xml:space="preserve">${escape(cell)}</t>`);
  return `<c r="${reference}" t="s"><v>${strings.length - 1}</v></c>`;
}

function letters(column: number): string {
  return column < 26
    ? String.fromCharCode(65 + column)
    : `${letters(Math.floor(column / 26) - 1)}${letters(column % 26)}`;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
