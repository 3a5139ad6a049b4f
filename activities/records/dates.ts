import { DateTime, IANAZone } from 'luxon';

/** How a file writes days and times. Nothing here is guessed: without a locale only year-first dates can be read. */
export interface DateStyle {
  order: 'dmy' | 'mdy' | 'ymd' | null;
  locale: string | null;
  /** Zone of times that name none; UTC where no setting says more. */
  zone: string;
}

/** A locale as Intl writes it, or `null` when it is none: `de_DE` is read as `de-DE`. */
export function knownLocale(locale: string | null): string | null {
  if (locale === null) return null;
  try {
    const name = Intl.getCanonicalLocales(locale.trim().replaceAll('_', '-'))[0];
    return name === undefined ? null : new Intl.Locale(name).baseName;
  } catch {
    return null;
  }
}

export function dateStyle(locale: string | null, timeZone: string | null): DateStyle {
  const zone = timeZone !== null && IANAZone.isValidZone(timeZone) ? timeZone : 'utc';
  if (locale === null) return { order: null, locale, zone };
  const format = new Intl.DateTimeFormat(`${locale}-u-ca-gregory-nu-latn`, {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  const letters = format.formatToParts(0).map((part) => part.type.charAt(0));
  const order = letters.filter((letter) => 'ymd'.includes(letter)).join('');
  return { order: order === 'dmy' || order === 'mdy' || order === 'ymd' ? order : null, locale, zone };
}

/** What to write instead, for the message. */
export function expectedDate(style: DateStyle, format: string | null): string {
  if (format !== null) return format;
  if (style.order === 'dmy') return `YYYY-MM-DD, or day/month/year in ${style.locale ?? ''}`;
  if (style.order === 'mdy') return `YYYY-MM-DD, or month/day/year in ${style.locale ?? ''}`;
  return 'YYYY-MM-DD';
}

interface Moment {
  year: number;
  month: number;
  day: number;
  /** `null`: a date without a time. */
  time: { hour: number; minute: number; second: number; millisecond: number } | null;
  /** Minutes east of UTC; `null`: not said. */
  offset: number | null;
}

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(Z|UTC|[+-]\d{2}(?::?\d{2})?)?)?$/i;
const BASIC =
  /^(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(?:(\d{2})(?:[.,](\d{1,9}))?)?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i;
const YEAR_FIRST = /^(\d{4})[./](\d{1,2})[./](\d{1,2})(?:,?\s+(\d{1,2}):(\d{2})(?::(\d{2}))?)?$/;
const YEAR_LAST =
  /^(\d{1,2})([./-])\s?(\d{1,2})\2\s?(\d{4})\.?(?:,?\s+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s*([ap])\.?m\.?)?)?$/i;
/** Months in words; tried one by one, so only where there is a letter. */
const WORDED = [
  'd MMM yyyy',
  'd MMMM yyyy',
  'd. MMM yyyy',
  'd. MMMM yyyy',
  'MMM d, yyyy',
  'MMMM d, yyyy',
  'd-MMM-yyyy',
];
const LONGEST = 64;

function moment(text: string, style: DateStyle): Moment | null {
  const iso = ISO.exec(text) ?? BASIC.exec(text) ?? YEAR_FIRST.exec(text);
  if (iso) {
    const [, year, month, day, hour, minute, second, fraction, zone] = iso;
    return checked(year, month, day, timeOf(hour, minute, second, fraction), zone);
  }
  const last = YEAR_LAST.exec(text);
  if (!last || (style.order !== 'dmy' && style.order !== 'mdy')) return null;
  const [, first, , second, year, hour, minute, seconds, half] = last;
  const time = timeOf(hour, minute, seconds, undefined, half);
  return style.order === 'dmy'
    ? checked(year, second, first, time, undefined)
    : checked(year, first, second, time, undefined);
}

/** `undefined`: no time was said; `null`: one that does not exist. */
function timeOf(
  hour: string | undefined,
  minute: string | undefined,
  second: string | undefined,
  fraction: string | undefined,
  half?: string,
): Moment['time'] | undefined {
  if (hour === undefined) return undefined;
  let hours = Number(hour);
  if (half !== undefined) {
    if (hours < 1 || hours > 12) return null;
    hours = (hours % 12) + (half.toLowerCase() === 'p' ? 12 : 0);
  }
  const time = {
    hour: hours,
    minute: Number(minute ?? 0),
    second: Number(second ?? 0),
    millisecond: Number((fraction ?? '0').slice(0, 3).padEnd(3, '0')),
  };
  return time.hour > 23 || time.minute > 59 || time.second > 59 ? null : time;
}

function checked(
  year: string | undefined,
  month: string | undefined,
  day: string | undefined,
  time: Moment['time'] | undefined,
  zone: string | undefined,
): Moment | null {
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  const offset = zone === undefined ? null : offsetOf(zone);
  if (time === null || y < 1 || m < 1 || m > 12 || d < 1 || d > daysIn(y, m)) return null;
  if (offset !== null && Math.abs(offset) > 18 * 60) return null;
  return { year: y, month: m, day: d, time: time ?? null, offset };
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function offsetOf(zone: string): number {
  if (!zone.startsWith('+') && !zone.startsWith('-')) return 0;
  const digits = zone.slice(1).replace(':', '');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2, 4));
  return zone.startsWith('-') ? -minutes : minutes;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/** Readers of one column's dates: `null` for what is none. The date is the one that is written, whatever its zone. */
export function dateReader(style: DateStyle, format: string | null): (text: string) => string | null {
  if (format !== null) {
    const parse = formatReader(style, format);
    return (text) => isoDate(text) ?? parse(text)?.toFormat('yyyy-MM-dd') ?? null;
  }
  return (text) => {
    const iso = isoDate(text);
    if (iso !== null || text.length > LONGEST) return iso;
    const at = moment(text, style);
    if (at) return `${String(at.year).padStart(4, '0')}-${two(at.month)}-${two(at.day)}`;
    return worded(text, style)?.toFormat('yyyy-MM-dd') ?? null;
  };
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** The text itself when it is a date of the calendar in ISO form. */
export function isoDate(text: string): string | null {
  if (text.length !== 10 || !DATE.test(text)) return null;
  const month = Number(text.slice(5, 7));
  const day = Number(text.slice(8));
  if (month < 1 || month > 12 || day < 1) return null;
  const year = Number(text.slice(0, 4));
  return year > 0 && day <= daysIn(year, month) ? text : null;
}

/** As `dateReader`, to a moment in UTC, to the millisecond. A date without a time is its first moment in the style's zone. */
export function datetimeReader(style: DateStyle, format: string | null): (text: string) => string | null {
  if (format !== null) {
    const parse = formatReader(style, format);
    return (text) => isoMoment(text, style) ?? utc(parse(text));
  }
  return (text) => {
    if (text.length > LONGEST) return null;
    const at = moment(text, style);
    if (at) return utcOf(at, style.zone);
    const mail = /^[a-z]{3},? \d|^\d{1,2} [a-z]{3} \d{4} \d/i.test(text) ? DateTime.fromRFC2822(text) : null;
    return utc(mail?.isValid === true ? mail : worded(text, style));
  };
}

function isoMoment(text: string, style: DateStyle): string | null {
  if (text.length > LONGEST || !ISO.test(text)) return null;
  const at = moment(text, style);
  return at ? utcOf(at, style.zone) : null;
}

function utcOf(at: Moment, zone: string): string | null {
  const time = at.time ?? { hour: 0, minute: 0, second: 0, millisecond: 0 };
  if (at.offset === null && zone !== 'utc') {
    return utc(DateTime.fromObject({ year: at.year, month: at.month, day: at.day, ...time }, { zone }));
  }
  const day = `${String(at.year).padStart(4, '0')}-${two(at.month)}-${two(at.day)}`;
  const clock = `${two(time.hour)}:${two(time.minute)}:${two(time.second)}.${String(time.millisecond).padStart(3, '0')}`;
  if (at.offset === null || at.offset === 0) return `${day}T${clock}Z`;
  const moved = new Date(Date.parse(`${day}T${clock}Z`) - at.offset * 60_000);
  return moved.getUTCFullYear() < 1 ? null : moved.toISOString();
}

function utc(at: DateTime | null): string | null {
  return at?.isValid === true ? new Date(at.toMillis()).toISOString() : null;
}

function worded(text: string, style: DateStyle): DateTime | null {
  if (text.length > LONGEST || !/\p{L}{3}/u.test(text) || !/\d{4}/.test(text)) return null;
  for (const locale of style.locale === null ? ['en'] : ['en', style.locale]) {
    for (const format of WORDED) {
      const at = DateTime.fromFormat(text, format, { locale, zone: style.zone });
      if (at.isValid) return at;
    }
  }
  return null;
}

/** Luxon's tokens (`dd.MM.yyyy HH:mm`, `X` for seconds since 1970); `DD.MM.YYYY`, as spreadsheets write it, means the same. */
function luxonFormat(format: string): string {
  return /Y/.test(format) && !/y/.test(format) ? format.replaceAll('Y', 'y').replaceAll('D', 'd') : format;
}

/** Seconds and milliseconds since 1970, which Luxon writes and does not read. */
const EPOCH: Readonly<Record<string, number>> = { X: 1000, x: 1 };

function formatReader(style: DateStyle, format: string): (text: string) => DateTime | null {
  const unit = EPOCH[format];
  if (unit !== undefined) {
    return (text) =>
      /^-?\d{1,14}$/.test(text) ? DateTime.fromMillis(Number(text) * unit, { zone: 'utc' }) : null;
  }
  const parser = DateTime.buildFormatParser(luxonFormat(format), { locale: style.locale ?? 'en' });
  return (text) => {
    if (text.length > LONGEST) return null;
    const at = DateTime.fromFormatParser(text, parser, { locale: style.locale ?? 'en', zone: style.zone });
    return at.isValid ? at : null;
  };
}

/** A format can be used when a day written in it is read back as the same day. */
export function isDateFormat(format: string): boolean {
  try {
    if (EPOCH[format] !== undefined) return true;
    const tokens = luxonFormat(format);
    const day = DateTime.utc(2024, 3, 22, 15, 4, 5);
    const back = DateTime.fromFormat(day.toFormat(tokens, { locale: 'en' }), tokens, {
      locale: 'en',
      zone: 'utc',
    });
    return back.isValid && back.toISODate() === '2024-03-22';
  } catch {
    return false;
  }
}
