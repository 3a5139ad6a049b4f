/** More records that share one key are no better evidence. */
export const MOST_PER_KEY = 20;
/** What is asked for at once: most keys are shared by nobody or by few. */
const EACH = 4;
const AT_LEAST = 200;

/** So many are remembered, and asked for by themselves on one page. */
const MOST_REMEMBERED = 1_000;
const MOST_ALONE = 32;

export type AskTerms<D> = (terms: readonly string[], limit: number) => Promise<D[]>;

export interface Crowds {
  /**
   * Up to `MOST_PER_KEY` documents of every term and perhaps some more, whatever crowd shares one of them: the telephone number of
   * a head office may stand on 50,000 contacts. One question where there is no crowd. Else the terms that were answered in full are
   * done, and the others are asked again in halves, so that a crowd costs a few questions and never its size.
   */
  ofEachTerm<D>(
    terms: readonly string[],
    termsOf: (doc: D) => readonly string[],
    ask: AskTerms<D>,
  ): Promise<D[]>;
}

/** Remembers which terms crowds share, to ask for these apart: what is answered is always read anew. */
export function createCrowds(): Crowds {
  const crowded = new Set<string>();

  const remember = (term: string): void => {
    crowded.delete(term);
    crowded.add(term);
    for (const oldest of crowded) {
      if (crowded.size <= MOST_REMEMBERED) break;
      crowded.delete(oldest);
    }
  };

  const halves: Crowds['ofEachTerm'] = async (terms, termsOf, ask) => {
    const [only, another] = terms;
    if (only === undefined) return [];
    if (another === undefined) return ask(terms, MOST_PER_KEY);
    const limit = terms.length * EACH + AT_LEAST;
    const found = await ask(terms, limit);
    if (found.length < limit) return found;
    const hits = new Map<string, number>();
    for (const doc of found) for (const term of termsOf(doc)) hits.set(term, (hits.get(term) ?? 0) + 1);
    const rest = terms.filter((term) => (hits.get(term) ?? 0) < MOST_PER_KEY);
    for (const term of terms) if ((hits.get(term) ?? 0) >= AT_LEAST) remember(term);
    const half = Math.ceil(rest.length / 2);
    const others = await Promise.all(
      [rest.slice(0, half), rest.slice(half)].map((some) => halves(some, termsOf, ask)),
    );
    return [...found, ...others.flat()];
  };

  return {
    async ofEachTerm(terms, termsOf, ask) {
      const alone = new Set(terms.filter((term) => crowded.has(term)).slice(0, MOST_ALONE));
      const found = await Promise.all([
        halves(
          terms.filter((term) => !alone.has(term)),
          termsOf,
          ask,
        ),
        ...[...alone].map((term) => ask([term], MOST_PER_KEY)),
      ]);
      return found.flat();
    },
  };
}
