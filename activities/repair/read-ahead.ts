/** One item of a generator is made before it is asked for. */
export interface Ahead<T> {
  /** Null: there is no more. Throws what making it threw. */
  next(): Promise<T | null>;
  /** The next one, which `next` will give; made now, if nobody has. Null also where making it threw: `next` throws it. */
  peek: () => Promise<T | null>;
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
    peek: async () => {
      coming ??= make();
      const made = await coming;
      return 'error' in made ? null : made.item;
    },
    async end() {
      await coming;
      await items.return();
    },
  };
}
