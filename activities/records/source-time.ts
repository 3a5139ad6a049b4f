/** Clocks drift, and some tell their own time as UTC: a day covers every zone. */
const AHEAD_MS = 24 * 3_600_000;

/**
 * A provider's time of a source record as far as it can be believed. One that lies more than a day ahead would make every later change
 * look older than it, for years; one that is no time cannot be compared. Both count as none.
 */
export function believedTime(modifiedAt: string | undefined, now: Date): string | undefined {
  if (modifiedAt === undefined) return undefined;
  const at = Date.parse(modifiedAt);
  return Number.isNaN(at) || at > now.getTime() + AHEAD_MS ? undefined : modifiedAt;
}
