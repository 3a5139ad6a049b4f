import { LosslessNumber, isSafeNumber, parse } from 'lossless-json';
import type { JsonObject } from '../../records/paths.js';
import type { Json } from '../../records/types.js';

/** Deeper than any business record; what recursion over a record can always bear. */
const MAX_DEPTH = 64;

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof LosslessNumber)
  );
}

/** JSON text whose numbers all fit a double: no 16 digits in a row, no exponent. */
const MAY_LOSE_DIGITS = /[\d.]{16}|\d[eE]/;

export type Parsed = { ok: true; value: Json } | { ok: false; message: string };

/** Parses without losing a digit; the engine's own parser wherever that is certain, which is ten times as fast. */
export function parseLossless(text: string): Parsed {
  if (isTooDeep(text)) return { ok: false, message: `is nested more than ${MAX_DEPTH} levels deep` };
  try {
    const value = MAY_LOSE_DIGITS.test(text)
      ? parse(text, undefined, { parseNumber: number })
      : (JSON.parse(text) as unknown);
    return { ok: true, value: value as Json };
  } catch (error) {
    return { ok: false, message: `is not valid JSON (${reason(error)})` };
  }
}

function number(text: string): number | LosslessNumber {
  return isSafeNumber(text) ? Number(text) : new LosslessNumber(text);
}

/** Parsers quote the text they stumble over; the line is shown beside the message anyway. */
function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : 'syntax error';
  return message
    .replace(/,? ?"?\.{3}[\s\S]*$/, '')
    .replace(/\s+/g, ' ')
    .slice(0, 120);
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === 34) {
      at = endOfString(text, at);
    } else if (char === 123 || char === 91) {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
    } else if (char === 125 || char === 93) depth -= 1;
  }
  return false;
}

function endOfString(text: string, opening: number): number {
  let at = text.indexOf('"', opening + 1);
  while (at !== -1 && isEscaped(text, at)) at = text.indexOf('"', at + 1);
  return at === -1 ? text.length : at;
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text.charCodeAt(at - 1 - slashes) === 92) slashes += 1;
  return slashes % 2 === 1;
}
