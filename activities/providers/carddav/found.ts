import type { ProviderFailure } from '../provider.js';

export interface Book {
  url: URL;
  /** As the server shows it; the last part of its address where it has no name. */
  name: string;
  /** May its cards be read? `undefined`: the server does not say. */
  readable: boolean | undefined;
}

export interface Found {
  /** The user's own resource at the server: stays the same when the password or the display name changes. */
  principal: URL;
  accountName: string;
  books: Book[];
  /** What answered at the path in the settings was no CardDAV (a web page); the account was found beside it. */
  strangeStart?: ProviderFailure;
}
