import type { FileKind } from '../provider.js';

export type Sniffed =
  | { ok: true; kind: FileKind }
  /** 415 for what cannot be read at all, 422 for a file that holds nothing. */
  | { ok: false; status: 415; code: 'file_kind_unsupported'; message: string }
  | { ok: false; status: 422; code: 'file_empty'; message: string };

/**
 * What kind of file an upload is, from its first bytes (64 KiB are plenty), its name and its Content-Type. The bytes decide
 * wherever they can; the name and the type only tell text formats apart. Pure.
 */
export function sniffFile(
  head: Uint8Array,
  { name, contentType }: { name: string; contentType: string | null },
): Sniffed {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (isBlank(bytes)) {
    return {
      ok: false,
      status: 422,
      code: 'file_empty',
      message: 'The file is empty. Nothing was stored. Upload a file with a header and rows.',
    };
  }
  const binary = binaryKind(bytes);
  const kind = saidKind(name, contentType);
  // A zip that begins with something of its own may still be a workbook: its inspection will tell.
  if (binary === 'xlsx' || (binary === UNKNOWN_ZIP && kind === 'xlsx')) return { ok: true, kind: 'xlsx' };
  if (binary !== null) return unsupported(binary);
  const text = startOfText(bytes);
  if (text === null) return unsupported('binary data');
  if (/^BEGIN:VCARD/i.test(text)) return { ok: true, kind: 'vcard' };
  if (/^<(!doctype|html|\?xml|head|body|table)/i.test(text))
    return unsupported(/^<\?xml/i.test(text) ? 'XML' : 'a web page');
  if (/^\[\s*(\{|\[|"|-?\d|\])/.test(text)) return unsupported('one JSON array');
  if (kind === 'xlsx') return unsupported('text, although its name says that it is a workbook');
  if (kind === 'vcard')
    return unsupported('text without a card (BEGIN:VCARD), although its name says that it holds some');
  if (kind === 'ndjson' || /^\{\s*("|\})/.test(text)) return { ok: true, kind: 'ndjson' };
  return { ok: true, kind: 'csv' };
}

const ADVICE = 'Nothing was stored. Upload CSV, TSV, XLSX, NDJSON (one JSON object a line) or vCard.';

const UNKNOWN_ZIP = 'a zip archive';

const SPECIAL: Record<string, string> = {
  'an old Excel workbook (.xls), or one with a password':
    'Nothing was stored. Open it and save it as .xlsx or CSV, without a password.',
  'a binary Excel workbook (.xlsb)': 'Nothing was stored. Open it and save it as .xlsx or CSV.',
  'an OpenDocument file': 'Nothing was stored. Open it and save it as .xlsx or CSV.',
  [UNKNOWN_ZIP]: 'Nothing was stored. Unpack it and upload the file inside.',
  'a gzip archive': 'Nothing was stored. Unpack it and upload the file inside.',
  'one JSON array':
    'Nothing was stored. Save it as NDJSON: one object on each line, without brackets around them.',
  'a web page':
    'Nothing was stored. It may be a log-in or error page saved in place of the export: download the export again.',
};

function unsupported(what: string): Sniffed {
  const message = `The file is ${what}, which cannot be read. ${SPECIAL[what] ?? ADVICE}`;
  return { ok: false, status: 415, code: 'file_kind_unsupported', message };
}

const MAGIC: [string, string][] = [
  ['d0cf11e0a1b11ae1', 'an old Excel workbook (.xls), or one with a password'],
  ['25504446', 'a PDF'],
  ['89504e47', 'a picture'],
  ['ffd8ff', 'a picture'],
  ['47494638', 'a picture'],
  ['52494646', 'a media file'],
  ['1f8b', 'a gzip archive'],
  ['377abcaf271c', 'a 7z archive'],
  ['52617221', 'a RAR archive'],
  ['425a683931415926', 'a bzip2 archive'],
  ['7f454c46', 'a program'],
  ['4d5a9000', 'a program'],
  ['53514c69746520666f726d6174', 'a database'],
  ['50415231', 'a Parquet file'],
];

/** `xlsx`, the name of another binary kind, or `null` for what may be text. */
function binaryKind(bytes: Buffer): string | null {
  const start = bytes.toString('hex', 0, 16);
  if (start.startsWith('504b0304') || start.startsWith('504b0506')) return zipKind(bytes.toString('latin1'));
  return MAGIC.find(([magic]) => start.startsWith(magic))?.[1] ?? null;
}

/** A zip's entry names are in clear. A workbook begins with one of a few. */
function zipKind(text: string): string {
  if (text.includes('xl/workbook.bin')) return 'a binary Excel workbook (.xlsb)';
  if (text.includes('mimetypeapplication/vnd.oasis')) return 'an OpenDocument file';
  if (/PK\x03\x04[\s\S]{26}(word|ppt|visio)\//.test(text)) return 'an Office document that is no workbook';
  const isOffice = /PK\x03\x04[\s\S]{26}(\[Content_Types\]\.xml|_rels\/|xl\/|docProps\/|customXml\/)/.test(
    text,
  );
  return isOffice ? 'xlsx' : UNKNOWN_ZIP;
}

function isBlank(bytes: Buffer): boolean {
  const start = bytes.length >= 3 && bytes.toString('hex', 0, 3) === 'efbbbf' ? 3 : 0;
  return (
    bytes.subarray(start).every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)) ||
    isLoneMark(bytes)
  );
}

function isLoneMark(bytes: Buffer): boolean {
  return bytes.length === 2 && ['fffe', 'feff'].includes(bytes.toString('hex'));
}

/** The beginning as text, or `null` for bytes that no text has: zeros outside UTF-16, too many control characters. */
function startOfText(bytes: Buffer): string | null {
  const mark = bytes.toString('hex', 0, 2);
  if (mark === 'fffe') return trimmed(bytes.subarray(2).toString('utf16le', 0, 512));
  if (mark === 'feff') return trimmed(swapped(bytes.subarray(2, 514)));
  const zeros = countZeros(bytes);
  if (zeros.even === 0 && zeros.odd > bytes.length * 0.2) return trimmed(bytes.toString('utf16le', 0, 512));
  if (zeros.odd === 0 && zeros.even > bytes.length * 0.2) return trimmed(swapped(bytes.subarray(0, 512)));
  if (zeros.odd + zeros.even > 0) return null;
  const sample = bytes.subarray(0, 4_096);
  const controls = sample.filter(
    (byte) => byte < 0x20 && ![0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x1b].includes(byte),
  ).length;
  return controls > sample.length * 0.02 ? null : trimmed(bytes.toString('latin1', 0, 512));
}

function countZeros(bytes: Buffer): { even: number; odd: number } {
  const sample = bytes.subarray(0, Math.min(bytes.length, 65_536));
  const count = { even: 0, odd: 0 };
  for (let at = sample.indexOf(0); at !== -1; at = sample.indexOf(0, at + 1))
    count[at % 2 === 0 ? 'even' : 'odd'] += 1;
  return count;
}

function swapped(bytes: Buffer): string {
  const even = Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % 2)));
  return even.swap16().toString('utf16le');
}

function trimmed(text: string): string {
  return text.replace(/^(\u00EF\u00BB\u00BF|\uFEFF|\s)+/, '');
}

const KINDS: Record<string, FileKind> = {
  csv: 'csv',
  tsv: 'csv',
  tab: 'csv',
  txt: 'csv',
  xlsx: 'xlsx',
  xlsm: 'xlsx',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  jsonlines: 'ndjson',
  vcf: 'vcard',
  vcard: 'vcard',
};

const TYPES: Record<string, FileKind> = {
  'text/csv': 'csv',
  'application/csv': 'csv',
  'text/tab-separated-values': 'csv',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
  'application/json-lines': 'ndjson',
  'text/vcard': 'vcard',
  'text/x-vcard': 'vcard',
};

/** What the sender says. `text/plain` and the like say nothing; the name is nearer to the file than the type. */
function saidKind(name: string, contentType: string | null): FileKind | undefined {
  const ending = /\.([a-z0-9]+)$/i.exec(name.trim())?.[1]?.toLowerCase();
  const type = contentType?.split(';')[0]?.trim().toLowerCase();
  return KINDS[ending ?? ''] ?? TYPES[type ?? ''];
}
