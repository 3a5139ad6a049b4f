import { ProviderFailure } from '../provider.js';
import type { Book, Found } from './found.js';
import { lastPart, samePath } from './hrefs.js';

/** The book that the settings name (by name, address or last part of the address), else the account's main one. */
export function chooseBook(found: Found, wanted: string | undefined): Book {
  const list = namesOf(found.books);
  if (found.books.length === 0) {
    throw new ProviderFailure(
      'provider_object_gone',
      `The account "${found.accountName}" has no address book. Make one there, then check the connection again.`,
    );
  }
  if (wanted === undefined || wanted.trim() === '') {
    // The path may name one of several books and only be in trouble just now: another must not come in its place.
    if (found.strangeStart !== undefined && found.books.length > 1) throw found.strangeStart;
    return found.books.find((book) => MAIN.has(lastPart(book.url))) ?? first(found.books);
  }
  const name = wanted.trim();
  const ways: ((book: Book) => boolean)[] = [
    (book) => book.name === name,
    (book) => book.url.href === name || samePath(book.url.pathname, name),
    (book) => lastPart(book.url) === name,
    (book) => book.name.toLowerCase() === name.toLowerCase(),
  ];
  for (const way of ways) {
    const matches = found.books.filter(way);
    if (matches.length === 1) return first(matches);
    if (matches.length > 1) {
      throw new ProviderFailure(
        'provider_object_gone',
        `${matches.length} address books are called "${name}". Put the address of the right one into the setting addressBook: ${list}.`,
      );
    }
  }
  throw new ProviderFailure(
    'provider_object_gone',
    `There is no address book "${name}" at this account. It has: ${list}. Correct the setting addressBook.`,
  );
}

/** For a message: the first twenty, with their addresses. */
export function namesOf(books: readonly Book[]): string {
  const names = books.slice(0, 20).map((book) => `"${book.name}" (${book.url.pathname})`);
  return (
    [...names, ...(books.length > 20 ? [`${books.length - 20} more`] : [])].join(', ') || 'no address book'
  );
}

/** What servers call the book that they make by themselves. */
const MAIN = new Set(['default', 'contacts', 'card', 'addressbook', 'Default']);

function first(books: readonly Book[]): Book {
  const [book] = books;
  if (book === undefined) throw new ProviderFailure('bug', 'An address book was chosen from none.');
  return book;
}
