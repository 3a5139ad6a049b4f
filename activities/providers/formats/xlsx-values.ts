import type { NumberFormat } from './xlsx-styles.js';

const DAY = 86_400_000;
/** 9999-12-31, the last day of spreadsheets. */
const LAST_SERIAL = 2_958_465;

/** A number cell as text that says what the person sees: dates as ISO 8601 without a zone, digits without float noise. */
export function numberText(raw: string, format: NumberFormat, from1904: boolean): string {
  const value = Number(raw);
  if (raw.trim() === '' || !Number.isFinite(value)) return raw.trim();
  switch (format.kind) {
    case 'plain':
      return plainNumber(raw.trim());
    case 'date':
      return dateText(value, from1904) ?? plainNumber(raw.trim());
    case 'time':
      return value >= 0 && value < 1 ? clock(value) : (dateText(value, from1904) ?? plainNumber(raw.trim()));
    case 'duration':
      return duration(value);
    case 'percent':
      return `${plainNumber(String(Number((value * 100).toPrecision(15))))}%`;
    case 'mask':
      return masked(plainNumber(raw.trim()), format.mask);
  }
}

/**
 * Spreadsheets calculate with 15 significant digits and write 17 (`261.95999999999998`): beyond 15 there is only noise. Whole
 * numbers that are written out are kept as they are; an exponent is spelled out.
 */
export function plainNumber(raw: string): string {
  if (/^-?\d+$/.test(raw)) return raw.replace(/^-?0+(?=\d)/, (zeros) => (zeros.startsWith('-') ? '-' : ''));
  const digits = raw
    .replace(/[eE].*$/, '')
    .replace(/\D/g, '')
    .replace(/^0+/, '');
  if (digits.length <= 15 && /^-?\d+\.\d+$/.test(raw)) return raw.replace(/\.?0+$/, '');
  return spelledOut(Number(raw).toPrecision(15));
}

function spelledOut(text: string): string {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/i.exec(text);
  if (!parts) return text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts;
  const point = whole.length + Number(exponent);
  const digits = `${whole}${fraction}`;
  const padded =
    point <= 0
      ? `0.${'0'.repeat(-point)}${digits}`
      : `${digits.slice(0, point).padEnd(point, '0')}.${digits.slice(point)}`;
  return `${sign}${padded.replace(/^0+(?=\d)/, '').replace(/\.?0*$/, '')}`;
}

/**
 * A serial day number. In the 1900 system day 60 is 29 February 1900, which never was (a mistake kept for old files): days
 * before it are off by one. `null` for a number that is no day.
 */
function dateText(serial: number, from1904: boolean): string | null {
  if (serial < 0 || serial > LAST_SERIAL || (!from1904 && serial < 1)) return null;
  const epoch = from1904 ? Date.UTC(1904, 0, 1) : Date.UTC(1899, 11, serial < 60 ? 31 : 30);
  // Seconds are what a time cell can be trusted with: a third of a day is no finite binary number.
  const milliseconds = Math.round((serial * DAY) / 1_000) * 1_000;
  const iso = new Date(epoch + milliseconds).toISOString();
  return milliseconds % DAY === 0 ? iso.slice(0, 10) : iso.slice(0, 19);
}

function clock(share: number): string {
  return new Date(Math.round((share * DAY) / 1_000) * 1_000).toISOString().slice(11, 19);
}

function duration(days: number): string {
  const seconds = Math.round(Math.abs(days) * 86_400);
  const two = (value: number): string => String(value).padStart(2, '0');
  const text = `${Math.floor(seconds / 3_600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return days < 0 ? `-${text}` : text;
}

function masked(text: string, mask: string): string {
  const places = mask.replace(/[^0]/g, '').length;
  if (!/^\d+$/.test(text) || text.length > places) return text;
  const digits = text.padStart(places, '0');
  let next = 0;
  return mask.replace(/0/g, () => digits[next++] ?? '');
}
