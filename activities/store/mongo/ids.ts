/**
 * Keys of documents: `{workspaceId}/{natural key}`. Each part but the last is escaped, so that a key can be taken apart
 * again and one workspace's range never holds another's documents.
 */

const RESERVED = /[%/]/g;
const ESCAPED = /%(25|2F)/g;

export function part(text: string): string {
  return text.includes('/') || text.includes('%')
    ? text.replace(RESERVED, (char) => (char === '/' ? '%2F' : '%25'))
    : text;
}

export function unpart(text: string): string {
  return text.includes('%') ? text.replace(ESCAPED, (_all, code) => (code === '2F' ? '/' : '%')) : text;
}

/** `a/b/`: what every key below begins with. */
export function prefixOf(...parts: string[]): string {
  return `${parts.map(part).join('/')}/`;
}

/** `a/b/last`; the last part stays as it is. */
export function idOf(first: string, ...rest: string[]): string {
  const last = rest.pop() ?? '';
  return prefixOf(first, ...rest) + last;
}

/** Numbers in keys sort as text. */
export function padded(number: number, digits = 8): string {
  return String(number).padStart(digits, '0');
}

/** All keys that begin with a prefix (which ends in `/`; the character after `/` is `0`). */
export function range(prefix: string): { $gte: string; $lt: string } {
  return { $gte: prefix, $lt: `${prefix.slice(0, -1)}0` };
}

/** The parts of a key, unescaped; the last one holds whatever is left. */
export function partsOf(id: string, count: number): string[] {
  const parts: string[] = [];
  let from = 0;
  for (let index = 1; index < count; index += 1) {
    const slash = id.indexOf('/', from);
    if (slash < 0) throw new Error(`The key of a document has fewer than ${count} parts.`);
    parts.push(unpart(id.slice(from, slash)));
    from = slash + 1;
  }
  parts.push(id.slice(from));
  return parts;
}

/** What follows the last `/`. */
export function tailOf(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}
