/** One item of a generator is made before it is asked for. */
export interface Ahead<T> {
  /** Null: there is no more. Throws what making it threw. */
  next(): Promise<T | null>;
  /** Begins to make the next one, if nobody has. Never throws. */
  ahead: () => void;
  /** Until nothing is being made any more; never throws. */
  end(): Promise<void>;
}

export function readAhead<T>(items: AsyncGenerator<T, void>): Ahead<T> {
  type Made = { item: T | null } | { error: unknown };
  let coming: Promise<Made> | null = null;
  const make = (): Promise<Made> =>
    items.next().then(
      ({ value, done }): Made => ({ item: done === true ? null : value }),
      (error: unknown): Made => ({ error }),
    );
  return {
    async next() {
      const made = await (coming ?? make());
      coming = null;
      if ('error' in made) throw made.error;
      return made.item;
    },
    ahead: () => {
      coming ??= make();
    },
    async end() {
      await coming;
      await items.return();
    },
  };
}
