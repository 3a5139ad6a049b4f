import { z } from 'zod';
import { hrefId } from './cards.js';

/**
 * Under which ids the cards of a book were given. A server says of a deleted card only where it was, and our ids are UIDs. Most
 * clients file a card under its UID (`{uid}.vcf`), so only the others are noted, up to a limit; past it, and of a card that could
 * not be read, the id is not known, and a deletion is then found by a complete listing instead.
 */
export interface CardNames {
  /** Id of the card at this place; `undefined`: not known. Right for every card that was noted. */
  idOf(key: string): string | undefined;
  /** Was the card noted with another id than this? */
  differs(key: string, id: string): boolean;
  /** `undefined`: it is there and its id could not be read. */
  note(key: string, id: string | undefined): void;
  forget(key: string): void;
  /** Is a card with this id noted anywhere? Says nothing of a card filed under its UID. */
  isNoted(id: string): boolean;
  stored(): StoredNames;
}

/** 0: named by its place, having no UID. 1: not known. */
export const namesShape = z.union([
  z.array(z.tuple([z.string(), z.union([z.string(), z.literal(0), z.literal(1)])])),
  z.null(),
]);
/** Names relative to the book. `null`: too many. */
export type StoredNames = z.infer<typeof namesShape>;

/** Characters of all that is noted: some 2,000 cards. It travels in each cursor and in the bookmark. */
const MOST = 160_000;

type Noted = string | 0 | 1;

export function createCardNames(book: string, from: StoredNames): CardNames {
  let noted: Map<string, Noted> | null = from === null ? null : new Map(from);
  const places = new Map<string, number>();
  let size = 0;
  for (const [name, id] of noted ?? []) count(name, id, 1);

  function nameOf(key: string): string {
    return key.startsWith(`${book}/`) ? key.slice(book.length + 1) : key;
  }

  function count(name: string, id: Noted, by: 1 | -1): void {
    size += by * (name.length + (typeof id === 'string' ? id.length : 1) + 8);
    if (typeof id !== 'string') return;
    const left = (places.get(id) ?? 0) + by;
    if (left > 0) places.set(id, left);
    else places.delete(id);
  }

  function set(name: string, id: Noted | undefined): void {
    if (noted === null) return;
    const before = noted.get(name);
    if (before !== undefined) count(name, before, -1);
    if (id === undefined) noted.delete(name);
    else {
      noted.set(name, id);
      count(name, id, 1);
    }
    if (size > MOST) {
      noted = null;
      places.clear();
    }
  }

  return {
    idOf(key) {
      if (noted === null) return undefined;
      const name = nameOf(key);
      const id = noted.get(name) ?? /^(.+)\.vcf$/s.exec(name)?.[1] ?? name;
      if (id === 1) return undefined;
      return id === 0 ? hrefId(key) : id;
    },
    differs(key, id) {
      const before = noted?.get(nameOf(key));
      return before !== undefined && before !== 1 && (before === 0 ? hrefId(key) : before) !== id;
    },
    note(key, id) {
      const name = nameOf(key);
      // What could not be read this time is still the card that was noted.
      if (id === undefined) set(name, noted?.get(name) ?? 1);
      else if (id === hrefId(key)) set(name, 0);
      else set(name, name === `${id}.vcf` ? undefined : id);
    },
    forget: (key) => set(nameOf(key), undefined),
    isNoted: (id) => places.has(id),
    stored: () => (noted === null ? null : [...noted]),
  };
}
