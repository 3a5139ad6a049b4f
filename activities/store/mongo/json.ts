import { promisify } from 'node:util';
import { constants, deflateRaw, inflateRaw } from 'node:zlib';
import { isLosslessNumber, LosslessNumber, parse, stringify } from 'lossless-json';
import { Binary } from 'mongodb';

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/** Written in the subtype of a binary value: how to read its text. */
const PLAIN = 0x80;
const EXACT = 0x81;

/** What `JSON.stringify` makes of a `LosslessNumber`: the sign that the text must be made anew, digit by digit. */
const MARK = '"isLosslessNumber":true';

export interface JsonText {
  text: string;
  /** The text holds numbers that a double would change. */
  exact: boolean;
}

/** The fast way for the usual data; the exact way only where a number needs it. */
export function toText(value: unknown): JsonText {
  const text = JSON.stringify(value);
  if (!text.includes(MARK)) return { text, exact: false };
  return { text: stringify(value) ?? 'null', exact: true };
}

export function fromText(text: string, exact: boolean): unknown {
  return exact ? parse(text, null, readNumber) : (JSON.parse(text) as unknown);
}

/** A number stays a double only if it would be written with the same digits again. */
function readNumber(digits: string): number | LosslessNumber {
  const number = Number(digits);
  return String(number) === digits ? number : new LosslessNumber(digits);
}

export function isExactNumber(value: unknown): value is LosslessNumber {
  return typeof value === 'object' && isLosslessNumber(value);
}

/** JSON, compressed on a thread of its own; level 1, because it is written once and rarely read. */
export async function toBlob(value: unknown): Promise<Binary> {
  const { text, exact } = toText(value);
  const bytes = await deflate(Buffer.from(text), { level: constants.Z_BEST_SPEED });
  return new Binary(bytes, exact ? EXACT : PLAIN);
}

export async function fromBlob(blob: Binary): Promise<unknown> {
  const bytes = await inflate(blob.buffer.subarray(0, blob.position));
  return fromText(bytes.toString('utf8'), blob.sub_type === EXACT);
}

/** JSON text inside a document. `=` in front says that its numbers are to be read digit by digit. */
export function toField(value: unknown): string {
  const { text, exact } = toText(value);
  return exact ? `=${text}` : text;
}

export function fromField(text: string): unknown {
  return text.startsWith('=') ? fromText(text.slice(1), true) : fromText(text, false);
}
