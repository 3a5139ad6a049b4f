import type { FileKind } from '../provider.js';
import { decodeSample, detectEncoding, detectWide, isWide } from './encoding.js';
import { UnreadableFile } from './reading.js';

export type Sniffed =
  /** `wide`: text whose letters are made of two or four bytes, so that zero bytes belong in it. */
  | { ok: true; kind: FileKind; wide?: true }
  /** 415 for what cannot be read at all, 422 for a file that holds nothing. */
  | { ok: false; status: 415; code: 'file_kind_unsupported'; message: string }
  | { ok: false; status: 422; code: 'file_empty'; message: string };

export interface Said {
  name: string;
  contentType: string | null;
  /** The encoding that a person named for this file. */
  encoding?: string;
}

/**
 * What kind of file an upload is, from its first bytes (64 KiB are plenty), its name and its Content-Type. The bytes decide
 * wherever they can; the name and the type only tell text formats apart. Zero bytes after the head are the caller's to refuse
 * unless the answer is `wide` or a workbook. Pure.
 */
export function sniffFile(head: Uint8Array, { name, contentType, encoding }: Said): Sniffed {
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
  const start = startOfText(bytes, encoding);
  if ('not' in start) return unsupported(start.not);
  const { text, wide } = start;
  if (/^BEGIN:VCARD/i.test(text)) return { ok: true, kind: 'vcard', ...wide };
  if (/^<(!doctype|html|\?xml|head|body|table)/i.test(text))
    return unsupported(/^<\?xml/i.test(text) ? 'XML' : 'a web page');
  if (/^\[\s*(\{|\[|"|-?\d|\])/.test(text)) return unsupported('one JSON array');
  if (kind === 'xlsx') return unsupported('text, although its name says that it is a workbook');
  if (kind === 'vcard')
    return unsupported('text without a card (BEGIN:VCARD), although its name says that it holds some');
  if (kind === 'ndjson' || /^\{\s*("|\})/.test(text)) return { ok: true, kind: 'ndjson', ...wide };
  return { ok: true, kind: 'csv', ...wide };
}

function zeroByteWords(at: number): string {
  return `binary data (byte ${at + 1} is a zero byte, which of all text only UTF-16 has)`;
}

const ADVICE =
  'Nothing was stored. Upload CSV, TSV, XLSX, NDJSON (one JSON object a line) or vCard. Text in UTF-16 without a byte order mark may need its encoding said (encoding=utf-16le).';

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

function unsupported(what: string): Extract<Sniffed, { status: 415 }> {
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

type Start = { text: string; wide?: { wide: true } } | { not: string };

/** The beginning as text, or why the bytes are none: zeros outside UTF-16, too much that no text has. */
function startOfText(bytes: Buffer, said: string | undefined): Start {
  const wide = said === undefined ? detectWide(bytes) : isWide(said) ? existing(bytes, said) : undefined;
  const sample = bytes.subarray(0, 4_096);
  if (wide !== undefined) {
    const text = decodeSample(sample, wide);
    return share(text, NOT_IN_TEXT) > 0.02 ? { not: `binary data, no text in ${wide}` } : started(text, true);
  }
  const zero = bytes.indexOf(0);
  if (zero !== -1) return { not: zeroByteWords(zero) };
  const text = sample.toString('latin1');
  return share(text, CONTROLS) > 0.02 ? { not: 'binary data' } : started(text, false);
}

function started(text: string, wide: boolean): Start {
  return { text: trimmed(text.slice(0, 512)), ...(wide ? { wide: { wide: true } } : {}) };
}

/** An encoding that does not exist is left to the inspection, which says so. */
function existing(bytes: Buffer, said: string): string | undefined {
  try {
    return detectEncoding(bytes, said);
  } catch (error) {
    if (error instanceof UnreadableFile) return undefined;
    throw error;
  }
}

/** Tabs, line and page ends and the escapes of ISO-2022 are in text; other controls are not. */
const CONTROLS = /[^\P{Cc}\t-\r\u001b\u0080-\u009f]/gu;
/** Besides, what no text in UTF-16 has: halves of letters, letters that do not exist. */
const NOT_IN_TEXT = /[^\P{Cc}\t-\r]|\p{Cs}|\p{Cn}|\p{Co}|\uFFFD/gu;

function share(text: string, pattern: RegExp): number {
  return (text.match(pattern)?.length ?? 0) / Math.max(text.length, 1);
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
