import type { CountryCode } from 'libphonenumber-js/min';
import { isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { parse as parseHost } from 'tldts';

/**
 * E-mail addresses, phone numbers and domains: what duplicates are told by. One person must come out as one text
 * whichever app wrote it, so every reader here is idempotent.
 */

/** Linear in time: labels and the dots between them share no character. */
const EMAIL =
  /^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[\p{L}\p{M}\p{N}_-]+\.)+[\p{L}\p{M}][\p{L}\p{M}\p{N}-]+$/u;
/** Most of them, and faster to see. */
const PLAIN_EMAIL = /^[a-z0-9._+-]{1,64}@(?:[a-z0-9-]+\.)+[a-z][a-z-]+$/;
const DISPLAYED = /^[^<>]*<([^<>]+)>$/;

/** The address in lower case, without `mailto:` or a display name; `null` when it is none. */
export function readEmail(raw: string): string | null {
  let text = raw.trim();
  const displayed = text.endsWith('>') ? DISPLAYED.exec(text)?.[1] : undefined;
  if (displayed !== undefined) text = displayed.trim();
  text = text.toLowerCase();
  if (text.startsWith('mailto:')) text = (text.slice('mailto:'.length).split('?', 1)[0] ?? '').trim();
  if (text.length > 254 || text.includes('..')) return null;
  return PLAIN_EMAIL.test(text) || EMAIL.test(text) ? text : null;
}

export type PhoneReading =
  | { kind: 'e164'; value: string; extension: string | null }
  /** A number, but of which country cannot be told: kept as written, and never a key. */
  | { kind: 'national'; value: string }
  | { kind: 'none' };

const E164 = /^\+[1-9]\d{6,14}$/;
const INTERNATIONAL = /^(?:\+|00)[\d\s().\-/·]+$/;
/**
 * Numbers that the library would give back digit by digit, and most of those there are: it takes 20 µs for each, this takes one.
 * Only plans in which nothing but a leading zero (or nothing at all) is ever taken away.
 */
const SIMPLE = /^\+(?:1[2-9]\d{9}|(?:33|41|43|44|46|49)[1-9]\d{6,10}|(?:34|45|47|48)[1-9]\d{6,8})$/;
const SEPARATORS = /[\s.\-/·]+/g;
const AREA_CODE = /\(([1-9]\d{1,4})\)/;
const NORTH_AMERICA = /^\(?([2-9]\d{2})\)?[\s.-]?([2-9]\d{2})[\s.-]?(\d{4})$/;

function simplePhone(text: string, country: string | null): string | null {
  if (text.startsWith('+')) {
    const digits = text.replace(AREA_CODE, '$1').replace(SEPARATORS, '');
    return SIMPLE.test(digits) ? digits : null;
  }
  if (country !== 'US' && country !== 'CA') return null;
  const parts = NORTH_AMERICA.exec(text);
  return parts ? `+1${parts[1] ?? ''}${parts[2] ?? ''}${parts[3] ?? ''}` : null;
}

/** Digits and what people put between them, with an extension perhaps. */
const PHONE_LIKE = /^\+?[\d\s().\-/·*#]+(?:(?:,|;|ext\.?|x|extension|;ext=|durchwahl|#)\s*:?\s*\d{1,8})?$/i;
const MOST_DIGITS = 15;
const FEWEST_DIGITS = 3;

/** `country` (ISO alpha-2) is how numbers without a country code are read. Neither is guessed from the number itself. */
export function readPhone(raw: string, country: string | null): PhoneReading {
  let text = raw.trim();
  if (text.startsWith('tel:')) text = text.slice('tel:'.length);
  if (E164.test(text)) return { kind: 'e164', value: text, extension: null };
  const simple = simplePhone(text, country);
  if (simple !== null) return { kind: 'e164', value: simple, extension: null };
  const plain = text.replace(/[()]/g, ' ');
  const digits = countDigits(plain.split(/[a-z;,#]/i, 1)[0] ?? '');
  if (!PHONE_LIKE.test(text) || digits < FEWEST_DIGITS) return { kind: 'none' };
  if (text.startsWith('00')) text = `+${text.slice(2)}`;
  if (digits > MOST_DIGITS + 2) return { kind: 'none' };
  return parsed(text, country) ?? bare(text) ?? national(text, digits);
}

function parsed(text: string, country: string | null): PhoneReading | null {
  const from = country !== null && isSupportedCountry(country) ? country : undefined;
  if (from === undefined && !text.startsWith('+')) return null;
  const number = parsePhoneNumberFromString(text, from ? { defaultCountry: from satisfies CountryCode } : {});
  // A number without its country's code must fit that country's plan; one that says its country is taken at its word.
  const fits = text.startsWith('+') ? number?.isPossible() : number?.isValid();
  if (!number || fits !== true || !E164.test(number.number)) return null;
  return { kind: 'e164', value: number.number, extension: number.ext ?? null };
}

/** A number with its country code that no numbering plan knows is still that number (test ranges, new ranges). */
function bare(text: string): PhoneReading | null {
  if (!text.startsWith('+') || !INTERNATIONAL.test(text)) return null;
  const value = `+${text.replace(/\(0\)/, '').replace(/\D/g, '')}`;
  return E164.test(value) ? { kind: 'e164', value, extension: null } : null;
}

function national(text: string, digits: number): PhoneReading {
  if (text.startsWith('+') || digits > MOST_DIGITS) return { kind: 'none' };
  return { kind: 'national', value: text };
}

function countDigits(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= 48 && code <= 57) count += 1;
  }
  return count;
}

/**
 * The registrable domain of a host, an address or an e-mail: `https://www.acme.co.uk/x` is `acme.co.uk`. Hosts that
 * strangers share (`acme.github.io`) count as whole domains, or two companies would become one. `null` for an IP
 * address, a bare word or a public suffix.
 */
export function readDomain(raw: string): string | null {
  const text = raw.trim().toLowerCase();
  if (text === '' || text.length > 2048 || /\s/.test(text)) return null;
  const host = parseHost(text, { allowPrivateDomains: true });
  if (host.isIp === true || host.domain === null) return null;
  return asciiHost(host.domain);
}

/** International domains have two spellings; keys use the one of the wire. */
function asciiHost(host: string): string {
  if (/^[\x20-\x7e]*$/.test(host)) return host;
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : host;
}

/** An e-mail as a key: the domain in its ASCII spelling, composed letters. */
export function emailKey(email: string): string {
  const at = email.lastIndexOf('@');
  return `${email.slice(0, at).normalize('NFC')}@${asciiHost(email.slice(at + 1))}`;
}

/** `ann+news@corp.example` → `ann@corp.example`; `null` where there is no tag. Takes and gives what `emailKey` makes. */
export function withoutPlusTag(key: string): string | null {
  const plus = key.indexOf('+');
  return plus > 0 && plus < key.lastIndexOf('@')
    ? key.slice(0, plus) + key.slice(key.lastIndexOf('@'))
    : null;
}

/** Anybody may have an address there: two companies that name one of these are not one company. */
const PUBLIC_MAIL = new Set(
  (
    'gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com aol.com icloud.com me.com ' +
    'mac.com proton.me protonmail.com gmx.de gmx.net gmx.at gmx.ch web.de t-online.de freenet.de mail.com mail.ru ' +
    'yandex.ru zoho.com fastmail.com qq.com 163.com orange.fr free.fr laposte.net libero.it wanadoo.fr hotmail.fr ' +
    'hotmail.co.uk yahoo.co.uk yahoo.fr yahoo.de bluewin.ch'
  ).split(' '),
);

export function isPublicMail(domain: string): boolean {
  return PUBLIC_MAIL.has(domain);
}
