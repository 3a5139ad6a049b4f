import { Duration } from 'luxon';

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };
const PARTS = /^(?:\d+(?:\.\d+)?\s*[smhdw]\s*)+$/;
const PART = /(\d+(?:\.\d+)?)\s*([smhdw])/g;

/** Whole seconds of `90`, `"15m"`, `"1h 30m"` or `"PT1H"`; null: it is none of these, or too small or too large to count. */
export function secondsOf(span: string | number): number | null {
  const seconds = typeof span === 'number' ? span : (ofIso(span) ?? ofParts(span));
  return seconds !== null && Number.isSafeInteger(seconds) && seconds >= 0 ? seconds : null;
}

function ofIso(text: string): number | null {
  if (!/^p/i.test(text)) return null;
  const duration = Duration.fromISO(text.toUpperCase());
  // A month and a year have no length of their own.
  if (!duration.isValid || duration.years || duration.months || duration.quarters) return null;
  return duration.as('seconds');
}

function ofParts(text: string): number | null {
  const plain = text.toLowerCase();
  if (!PARTS.test(plain)) return null;
  return [...plain.matchAll(PART)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? Number.NaN),
    0,
  );
}
