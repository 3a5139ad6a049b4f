import { DateTime } from 'luxon';
import { splitUnescaped, unescapeText } from './vcard-lines.js';
import type { VCardProperty } from './vcard-lines.js';

export type VCardValue = {
  value: string;
  /** Lower case: `home`, `work`, `cell`, and a label that a person gave. */
  types: string[];
  /** 1 to 100, 1 the most preferred; a `TYPE=pref` of 2.1 and 3.0 is 1. */
  pref?: number;
};

export type VCardAddress = {
  street?: string;
  city?: string;
  region?: string;
  postalCode?: string;
  country?: string;
  types: string[];
  pref?: number;
};

export function textOf(property: VCardProperty, version: string): string {
  return unescapeText(property.value, version);
}

/** An e-mail address or phone number; `mailto:` and `tel:` of 4.0 are taken off, an extension stays readable. */
export function typedValue(property: VCardProperty, version: string, label: string | undefined): VCardValue {
  const value = textOf(property, version)
    .replace(/^(mailto|tel):/i, '')
    .replace(/;ext=(\d+)/i, ' ext. $1')
    .replace(/;(phone-context|isub)=[^;]*/gi, '');
  return { value, ...typesOf(property, label) };
}

/** N is family; given; additional; prefixes; suffixes, each a list (RFC 6350 §6.2.2). */
export function nameOf(
  property: VCardProperty,
  version: string,
): { first: string; last: string; full: string } {
  const [last = '', first = '', additional = '', prefix = '', suffix = ''] = structured(property, version);
  return { first, last, full: [prefix, first, additional, last, suffix].filter(Boolean).join(' ') };
}

export function organizationOf(
  property: VCardProperty,
  version: string,
): { organization: string; units: string[] } {
  const [organization = '', ...units] = splitUnescaped(property.value, ';').map((part) =>
    unescapeText(part, version),
  );
  return { organization, units: units.filter(Boolean) };
}

/** ADR is post box; extended; street; city; region; postal code; country. An empty one is no address. */
export function addressOf(
  property: VCardProperty,
  version: string,
  label: string | undefined,
): VCardAddress | undefined {
  const [box, extended, road, city, region, postalCode, country] = structured(property, version, ', ');
  const street = [box, extended, road].filter(Boolean).join(', ');
  const address = {
    ...(street && { street }),
    ...(city && { city }),
    ...(region && { region }),
    ...(postalCode && { postalCode }),
    ...(country && { country }),
  };
  return Object.keys(address).length === 0 ? undefined : { ...address, ...typesOf(property, label) };
}

/**
 * Dates of RFC 6350 §4.3 and ISO 8601. Partial ones (`--0412`, `1980-04`, Apple's omitted year, `VALUE=text`) are no date of
 * the store and stay apart, as sent.
 */
export function birthdayOf(property: VCardProperty): { birthday?: string; birthdayPartial?: string } {
  const sent = property.value.trim();
  if (sent === '') return {};
  const full = /^(\d{4})-?(\d{2})-?(\d{2})(?:[T ].*)?$/.exec(sent);
  const omitted = property.params['X-APPLE-OMIT-YEAR']?.[0];
  if (full && full[1] === omitted) return { birthdayPartial: `--${full[2] ?? ''}-${full[3] ?? ''}` };
  if (full) return { birthday: `${full[1] ?? ''}-${full[2] ?? ''}-${full[3] ?? ''}` };
  const isText = property.params['VALUE']?.[0]?.toLowerCase() === 'text';
  if (isText || /^--|^\d{4}(-\d{2})?$/.test(sent)) return { birthdayPartial: sent };
  return { birthday: sent };
}

/** A time without a zone is UTC, which is what REV is by RFC 6350 §6.7.4. */
export function isoInstant(sent: string): string | undefined {
  const time = DateTime.fromISO(sent.trim(), { zone: 'utc' });
  return time.isValid ? time.toISO({ suppressMilliseconds: true }) : undefined;
}

function structured(property: VCardProperty, version: string, between = ' '): string[] {
  return splitUnescaped(property.value, ';').map((part) =>
    // A component may be a list; in 2.1 a comma is an ordinary character.
    (version === '2.1' ? [part] : splitUnescaped(part, ','))
      .map((item) => unescapeText(item, version))
      .filter(Boolean)
      .join(between),
  );
}

/** `internet` and `voice` say nothing that EMAIL and TEL do not. */
const SAYS_NOTHING = new Set(['internet', 'voice', 'x-internet']);

function typesOf(property: VCardProperty, label: string | undefined): { types: string[]; pref?: number } {
  const sent = (property.params['TYPE'] ?? []).map((type) => type.toLowerCase());
  const number = Number(property.params['PREF']?.[0]);
  const types = [...new Set([...sent, ...(label ? [label] : [])])];
  const pref =
    Number.isInteger(number) && number >= 1 && number <= 100 ? number : sent.includes('pref') ? 1 : undefined;
  return {
    types: types.filter((type) => type !== 'pref' && !SAYS_NOTHING.has(type)),
    ...(pref !== undefined && { pref }),
  };
}
