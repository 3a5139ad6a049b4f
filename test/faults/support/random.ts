/** Numbers from 0 up to 1 that a seed decides: the same seed, the same kills. */
export interface Random {
  readonly seed: number;
  /** A whole number from `least` to `most`, both possible. */
  whole(least: number, most: number): number;
  one<T>(list: readonly T[]): T;
}

/** Says the seed on the terminal; `SLUICE_SEED` repeats it. */
export function seeded(what: string): Random {
  const given = process.env['SLUICE_SEED'];
  const seed = given ? Number(given) : Math.floor(Math.random() * 2 ** 31);
  process.stderr.write(`${what}: SLUICE_SEED=${seed} repeats it\n`);
  let state = seed >>> 0;
  // Mulberry32: small, and even enough to choose moments.
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return {
    seed,
    whole,
    one(list) {
      const chosen = list[whole(0, list.length - 1)];
      if (chosen === undefined) throw new Error('There is nothing to choose from.');
      return chosen;
    },
  };
}
