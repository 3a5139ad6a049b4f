import type { Understood } from './failures.js';

const SHORTEST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 5 * 60_000;

/**
 * When to ask a provider again that limits or is away: at its own time where it named one; else after half as long again as
 * nothing has moved (ISO 8601 `since`), so soon at first and rarely later.
 */
export function nextTry({ retryAt }: Pick<Understood, 'retryAt'>, since: string, now: Date): string {
  const at = now.getTime();
  if (retryAt && retryAt.getTime() > at) return retryAt.toISOString();
  const wait = Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, (at - Date.parse(since)) / 2));
  return new Date(at + wait).toISOString();
}
