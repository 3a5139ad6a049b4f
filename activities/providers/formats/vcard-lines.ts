import iconv from 'iconv-lite';

/** One property of a card, folded lines joined, quoted-printable and base64 text decoded, escapes still in place. */
export interface VCardProperty {
  /** Upper case, without its group: `EMAIL`. */
  name: string;
  /** `item1` of `item1.EMAIL`, lower case. */
  group: string | undefined;
  /** Names in upper case; a bare 2.1 parameter (`EMAIL;HOME:`) is a `TYPE`. */
  params: Record<string, string[]>;
  value: string;
}

/** What is wrong with a card, in words for a person. Caught inside `formats/`. */
export class VCardSyntaxError extends Error {}

/** Properties whose content is a file: never kept, only their size is told. */
export const BINARY_PROPERTIES = /^(?:[\w-]+\.)?(PHOTO|LOGO|SOUND|KEY)[;:]/i;

/**
 * Joins folded lines. Three ways of folding are met in the wild: a leading blank (RFC 6350 §3.2), a soft line break of
 * quoted-printable text (a trailing `=`, vCard 2.1), and base64 lines of old phones, which begin anywhere.
 */
export function unfold(text: string): string[] {
  const joined: string[] = [];
  for (const line of text.split(/\r\n|\n|\r/)) {
    const last = joined.at(-1);
    if (last !== undefined && continuesQuotedPrintable(last))
      joined[joined.length - 1] = last.slice(0, -1) + line;
    else if (last !== undefined && /^[ \t]/.test(line)) joined[joined.length - 1] = last + line.slice(1);
    else if (last !== undefined && isStrayBase64(last, line)) joined[joined.length - 1] = last + line;
    else joined.push(line);
  }
  return joined.filter((line) => line.trim() !== '');
}

export function continuesQuotedPrintable(line: string): boolean {
  return line.endsWith('=') && /^[^:]*;(?:ENCODING=)?QUOTED-PRINTABLE\b[^:]*:/i.test(line);
}

export function isStrayBase64(previous: string, line: string): boolean {
  return /^[A-Za-z0-9+/=]+$/.test(line) && /^[^:]*;(?:ENCODING=)?(?:BASE64|B)\b[^:]*:/i.test(previous);
}

/** Reads one unfolded line. @throws VCardSyntaxError */
export function parseProperty(line: string): VCardProperty {
  const colon = valueStart(line);
  if (colon === -1) throw new VCardSyntaxError(`The line "${shorten(line)}" has no colon.`);
  const [head = '', ...rest] = splitOutsideQuotes(line.slice(0, colon), ';');
  const name = /^(?:([\w-]+)\.)?([\w-]+)$/.exec(head.trim());
  if (!name?.[2])
    throw new VCardSyntaxError(`The line "${shorten(line)}" does not begin with a property name.`);
  const params: Record<string, string[]> = {};
  for (const part of rest) addParameter(params, part);
  return {
    name: name[2].toUpperCase(),
    group: name[1]?.toLowerCase(),
    params,
    value: decode(line.slice(colon + 1), params),
  };
}

/** Splits at a separator that no backslash escapes. Escapes stay, for `unescapeText`. */
export function splitUnescaped(value: string, separator: ';' | ','): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < value.length; at += 1) {
    if (value[at] === '\\') at += 1;
    else if (value[at] === separator) {
      parts.push(value.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(value.slice(start));
  return parts;
}

/** vCard 2.1 knows `\;` only, but many writers of 2.1 escape as in 3.0; only there `\n` can be two characters of a path. */
export function unescapeText(value: string, version: string): string {
  if (!value.includes('\\')) return value.trim();
  const newline = version === '2.1' ? '\\n' : '\n';
  return value
    .replace(/\\([\s\S])/g, (whole, char: string) => {
      if (char === 'n' || char === 'N') return newline;
      return ',;:\\"'.includes(char) ? char : whole;
    })
    .trim();
}

export function shorten(text: string, length = 60): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

function valueStart(line: string): number {
  let quoted = false;
  for (let at = 0; at < line.length; at += 1) {
    if (line[at] === '"') quoted = !quoted;
    else if (line[at] === ':' && !quoted) return at;
  }
  // A quote that nobody closed: the first colon is the best guess there is.
  return quoted ? line.indexOf(':') : -1;
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = [];
  let quoted = false;
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '"') quoted = !quoted;
    else if (text[at] === separator && !quoted) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

const BARE_ENCODINGS = new Set(['QUOTED-PRINTABLE', 'BASE64', '8BIT', '7BIT']);

function addParameter(params: Record<string, string[]>, part: string): void {
  const equals = part.indexOf('=');
  const bare = part.trim().toUpperCase();
  let name = equals === -1 ? 'TYPE' : part.slice(0, equals).trim().toUpperCase();
  if (equals === -1 && BARE_ENCODINGS.has(bare)) name = 'ENCODING';
  const values = splitOutsideQuotes(part.slice(equals + 1), ',')
    // `TYPE="home,work"` is one quoted value by the grammar, and a list by what every writer means.
    .flatMap((value) => (name === 'TYPE' ? unquote(value).split(',') : [unquote(value)]))
    .map((value) => value.trim())
    .filter((value) => value !== '');
  (params[name] ??= []).push(...values);
}

/** RFC 6868: `^n`, `^'` and `^^` in parameter values. */
function unquote(value: string): string {
  return value
    .trim()
    .replace(/^"|"$/g, '')
    .replace(/\^([n'^])/g, (_whole, char: string) => (char === 'n' ? '\n' : char === "'" ? '"' : '^'));
}

function decode(value: string, params: Record<string, string[]>): string {
  const encoding = params['ENCODING']?.[0]?.toUpperCase();
  if (encoding === 'QUOTED-PRINTABLE')
    return decodeBytes(quotedPrintableBytes(value), params['CHARSET']?.[0]);
  const isText = params['CHARSET'] !== undefined && (encoding === 'BASE64' || encoding === 'B');
  return isText ? decodeBytes(Buffer.from(value, 'base64'), params['CHARSET']?.[0]) : value;
}

/** RFC 2045 §6.7. A `=` that no two hex digits follow is kept as it is. */
function quotedPrintableBytes(value: string): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (const match of value.matchAll(/=([0-9A-Fa-f]{2})|=\s*$/g)) {
    parts.push(Buffer.from(value.slice(at, match.index), 'utf8'));
    if (match[1] !== undefined) parts.push(Buffer.from(match[1], 'hex'));
    at = match.index + match[0].length;
  }
  parts.push(Buffer.from(value.slice(at), 'utf8'));
  return Buffer.concat(parts);
}

/** Bytes as the card says; without a word about it UTF-8 if they are, else Windows-1252. */
export function decodeBytes(bytes: Buffer, charset: string | undefined): string {
  if (charset !== undefined && iconv.encodingExists(charset) && !/^utf-?8$/i.test(charset)) {
    return iconv.decode(bytes, charset);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return iconv.decode(bytes, 'windows-1252');
  }
}
