import { isAscii, isUtf8 } from 'node:buffer';
import chardet from 'chardet';
import iconv from 'iconv-lite';
import { UnreadableFile } from './reading.js';

/** Bytes to text, piece by piece; a character that two pieces share stays whole. */
export interface TextDecoding {
  /** May change once, while reading: what looked like UTF-8 can turn out to be Windows-1252 in its last line. */
  encoding: string;
  /** Bytes that were not valid in the encoding and were read as Windows-1252. */
  repaired: boolean;
  write(bytes: Uint8Array): string;
  end(): string;
}

const SAMPLE_TRUST = 80;
/** Encodings that detection may find besides UTF-8, UTF-16 and Windows-1252: those whose bytes are hard to mistake. */
const DISTINCT = new Set(['Shift_JIS', 'EUC-JP', 'EUC-KR', 'GB18030', 'Big5', 'windows-1251', 'KOI8-R']);

/**
 * `given` wins (any name that iconv knows); then a byte order mark; then zero bytes on one side of every pair (UTF-16);
 * then valid UTF-8; else Windows-1252, unless the sample is clearly one of a few Asian or Cyrillic encodings.
 * @throws UnreadableFile for an encoding that does not exist
 */
export function detectEncoding(sample: Buffer, given?: string): string {
  if (given !== undefined) {
    const name = canonicalName(given);
    const exists: boolean = iconv.encodingExists(name);
    if (!exists) {
      throw new UnreadableFile(
        `The encoding "${given.slice(0, 40)}" is not known. Use a name like utf-8, utf-16le or windows-1252.`,
      );
    }
    return name === 'utf-16le' && sample[0] === 0xfe && sample[1] === 0xff ? 'utf-16be' : name;
  }
  const wide = detectWide(sample);
  if (wide) return wide;
  if (isUtf8(withoutCutEnd(sample))) return 'utf-8';
  const best = chardet.analyse(sample).find(({ name }) => DISTINCT.has(name));
  const lead = chardet.analyse(sample)[0];
  return best && best.confidence >= SAMPLE_TRUST && best.name === lead?.name
    ? best.name.toLowerCase()
    : 'windows-1252';
}

/** UTF-16, by its byte order mark or by zero bytes on one side of many pairs; a zero on the other side is a rare letter. */
export function detectWide(sample: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  if (sample[0] === 0xff && sample[1] === 0xfe) return 'utf-16le';
  if (sample[0] === 0xfe && sample[1] === 0xff) return 'utf-16be';
  const zeros = zeroShares(sample);
  if (zeros.odd > 0.4 && zeros.even < 0.1) return 'utf-16le';
  if (zeros.even > 0.4 && zeros.odd < 0.1) return 'utf-16be';
  return undefined;
}

/** The encodings in which a zero byte is part of a letter. */
export function isWide(encoding: string): boolean {
  return /^(utf-?16|utf-?32|ucs-?[24])/i.test(encoding.trim());
}

/** In an encoding that exists. The sample may end inside a character. */
export function decodeSample(sample: Buffer, encoding: string): string {
  return iconv.decode(sample.subarray(0, sample.length - (sample.length % 4)), encoding);
}

/**
 * What a person should know of an encoding that was guessed. `encoding_doubtful`: most letters are beyond ASCII, which no text
 * in a Western language is; names would become nonsense.
 */
export function encodingWarning(
  sample: Buffer,
  encoding: string,
  given: string | undefined,
): { code: 'encoding_guessed' | 'encoding_doubtful'; message: string } | undefined {
  if (given !== undefined || encoding !== 'windows-1252') return undefined;
  const letters = sample.filter((byte) => byte >= 0x41).length;
  const beyond = sample.filter((byte) => byte >= 0x80).length;
  const advice = `Look at the samples: if letters are wrong, upload the file with its encoding (such as encoding=windows-1251), or save it as UTF-8.`;
  if (beyond >= 10 && beyond > letters * 0.3) {
    const message = `The file is not UTF-8 and does not look like Windows-1252, as which it was read. ${advice}`;
    return { code: 'encoding_doubtful', message };
  }
  return {
    code: 'encoding_guessed',
    message: `The file is not UTF-8 and was read as Windows-1252. ${advice}`,
  };
}

export function createDecoding(encoding: string): TextDecoding {
  return encoding === 'utf-8' ? utf8Decoding() : iconvDecoding(encoding);
}

function canonicalName(name: string): string {
  const lower = name.trim().toLowerCase();
  const aliases: Record<string, string> = {
    utf8: 'utf-8',
    'utf-8-sig': 'utf-8',
    utf16: 'utf-16le',
    'utf-16': 'utf-16le',
    utf16le: 'utf-16le',
    utf16be: 'utf-16be',
    cp1252: 'windows-1252',
    win1252: 'windows-1252',
    ansi: 'windows-1252',
  };
  return aliases[lower] ?? lower;
}

function zeroShares(sample: Buffer): { odd: number; even: number } {
  const pairs = Math.floor(Math.min(sample.length, 4_096) / 2);
  let odd = 0;
  let even = 0;
  for (let pair = 0; pair < pairs; pair += 1) {
    if (sample[2 * pair] === 0) even += 1;
    if (sample[2 * pair + 1] === 0) odd += 1;
  }
  return { odd: odd / Math.max(pairs, 1), even: even / Math.max(pairs, 1) };
}

/** A sample can end inside a character. */
function withoutCutEnd(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length - cutLength(bytes));
}

/** How many bytes at the end belong to a UTF-8 character that goes on after them (0 to 3). */
function cutLength(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? back : 0;
  }
  return 0;
}

function iconvDecoding(encoding: string): TextDecoding {
  const decoder = iconv.getDecoder(encoding, { stripBOM: true });
  return {
    encoding,
    repaired: false,
    write: (bytes) => decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
    end: () => decoder.end() ?? '',
  };
}

/**
 * UTF-8 until a byte proves otherwise. If everything before it was ASCII, the file is Windows-1252 from there on, which
 * reads it as if that had been known from the start; otherwise only the broken characters are read as Windows-1252.
 */
function utf8Decoding(): TextDecoding {
  let rest = Buffer.alloc(0);
  let first = true;
  let onlyAscii = true;
  const decoding: TextDecoding = { encoding: 'utf-8', repaired: false, write, end };

  function write(piece: Uint8Array): string {
    let bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    if (rest.length > 0) bytes = Buffer.concat([rest, bytes]);
    rest = Buffer.alloc(0);
    if (decoding.encoding !== 'utf-8') return iconv.decode(bytes, 'windows-1252');
    if (isAscii(bytes)) {
      first = first && bytes.length === 0;
      return bytes.toString('latin1');
    }
    const cut = cutLength(bytes);
    rest = Buffer.from(bytes.subarray(bytes.length - cut));
    return decode(bytes.subarray(0, bytes.length - cut));
  }

  function decode(bytes: Buffer): string {
    if (isUtf8(bytes)) {
      const text = bytes.toString('utf8');
      const clean = first && text.startsWith('\uFEFF') ? text.slice(1) : text;
      first = first && text === '';
      onlyAscii = onlyAscii && clean.length === bytes.length;
      return clean;
    }
    if (onlyAscii) {
      decoding.encoding = 'windows-1252';
      const all = Buffer.concat([bytes, rest]);
      rest = Buffer.alloc(0);
      return iconv.decode(all, 'windows-1252');
    }
    decoding.repaired = true;
    return repair(bytes);
  }

  function end(): string {
    const last = rest;
    rest = Buffer.alloc(0);
    return last.length === 0 ? '' : decode(last);
  }

  return decoding;
}

/** Valid runs as UTF-8, every other byte as Windows-1252. */
function repair(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const lead = bytes[at] ?? 0;
    const length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 1;
    const character = bytes.subarray(at, at + length);
    const valid = isUtf8(character);
    text += valid ? character.toString('utf8') : iconv.decode(bytes.subarray(at, at + 1), 'windows-1252');
    at += valid ? length : 1;
  }
  return text;
}
