/** A list, newest first unless said otherwise. `cursor` is opaque. A malformed cursor throws `BadCursor`. */
export interface ListQuery {
  limit: number;
  cursor?: string;
}

export interface Listed<T> {
  items: T[];
  nextCursor: string | null;
}

export class BadCursor extends Error {}
