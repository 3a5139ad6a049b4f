import {
  addressOf,
  birthdayOf,
  isoInstant,
  nameOf,
  organizationOf,
  textOf,
  typedValue,
} from './vcard-values.js';
import type { VCardAddress, VCardValue } from './vcard-values.js';
import {
  BINARY_PROPERTIES,
  VCardSyntaxError,
  parseProperty,
  splitUnescaped,
  unescapeText,
  unfold,
} from './vcard-lines.js';
import type { VCardProperty } from './vcard-lines.js';

/**
 * A vCard of any version (2.1, 3.0, 4.0) as plain JSON: what mappings of contacts refer to. What a
 * contact's fields are made of is always there, `null` where the card has none: a person who takes a phone number off the card
 * wants it gone. The rest is absent where the card does not have it.
 *
 * - `emails`, `phones`: `{ value, types, pref? }`, preferred first; `pref` is 1 to 100, 1 the most preferred.
 *   `email`, `phone`, `address` are the preferred ones, `emailAddresses` and `phoneNumbers` all values as plain lists.
 * - `fullName`: FN, else made of N, else the organization.
 * - `birthday`: `YYYY-MM-DD`. A birthday without a year or day is in `birthdayPartial` as it was sent; one that is no date
 *   at all stays in `birthday` as it was sent, so that mapping it names it as wrong.
 * - `rev`: ISO 8601 UTC. `photo`: never the picture, only its size or address.
 * - `other`: every further property by its lower-case name, at most 100 of 4,096 characters.
 *
 * (A type alias, not an interface, so that it is `Json`.) Rules: RFC 6350 (4.0), RFC 2426 (3.0), the versit specification (2.1).
 */
export type VCardJson = {
  version: string;
  uid?: string;
  kind?: string;
  fullName: string | null;
  firstName: string | null;
  lastName: string | null;
  email: string | null;
  emails: VCardValue[];
  emailAddresses: string[];
  phone: string | null;
  phones: VCardValue[];
  phoneNumbers: string[];
  organization?: string;
  organizationUnits: string[];
  title: string | null;
  birthday: string | null;
  birthdayPartial?: string;
  address: VCardAddress | null;
  addresses: VCardAddress[];
  url: string | null;
  urls: string[];
  notes: string | null;
  categories: string[];
  rev?: string;
  photo?: { bytes?: number; url?: string };
  other: Record<string, string[]>;
};

export type ParsedVCard = { ok: true; card: VCardJson } | { ok: false; message: string };

const VERSIONS = ['2.1', '3.0', '4.0'];

/** Reads one card, `BEGIN:VCARD` to `END:VCARD`. Never throws: a card that cannot be read is an answer. Pure. */
export function parseVCard(text: string): ParsedVCard {
  try {
    return { ok: true, card: readCard(text) };
  } catch (error) {
    if (error instanceof VCardSyntaxError) return { ok: false, message: error.message };
    throw error;
  }
}

function readCard(text: string): VCardJson {
  const lines = withoutNested(unfold(text.replace(/^\uFEFF/, '')));
  if (!/^BEGIN:VCARD\s*$/i.test(lines[0] ?? ''))
    throw new VCardSyntaxError('The card does not begin with BEGIN:VCARD.');
  if (!/^END:VCARD\s*$/i.test(lines.at(-1) ?? ''))
    throw new VCardSyntaxError('The card does not end with END:VCARD.');
  const properties = lines.slice(1, -1).map(readProperty);
  const version = properties.find((property) => property.name === 'VERSION')?.value.trim() ?? '3.0';
  if (!VERSIONS.includes(version)) {
    throw new VCardSyntaxError(`Version "${version.slice(0, 20)}" is none of ${VERSIONS.join(', ')}.`);
  }
  const card: VCardJson = {
    version,
    fullName: null,
    firstName: null,
    lastName: null,
    email: null,
    phone: null,
    title: null,
    birthday: null,
    address: null,
    url: null,
    notes: null,
    emails: [],
    emailAddresses: [],
    phones: [],
    phoneNumbers: [],
    organizationUnits: [],
    addresses: [],
    urls: [],
    categories: [],
    other: {},
  };
  const labels = groupLabels(properties);
  for (const property of properties) addProperty(card, property, labels);
  return finish(card);
}

/** A picture is not parsed: it can be megabytes, and nothing of it is kept. */
function readProperty(line: string): VCardProperty {
  const binary = BINARY_PROPERTIES.exec(line);
  const colon = binary ? line.indexOf(':', /^[^:]*"/.test(line) ? line.lastIndexOf('"') : 0) : -1;
  if (!binary?.[1] || colon === -1) return parseProperty(line);
  const value = line.slice(colon + 1);
  const head = parseProperty(`${line.slice(0, colon)}:`);
  const isAddress = /^(https?|ftp):/i.test(value) && value.length <= 2_048;
  const omitted = Number(head.params['X-OMITTED-BYTES']?.[0] ?? 0);
  head.params['SIZE'] = [String(omitted + Math.floor((value.replace(/^data:[^,]*,/, '').length * 3) / 4))];
  return { ...head, value: isAddress ? value : '' };
}

/** vCard 2.1 may carry another card inside AGENT: it is somebody else, so it is left out. */
function withoutNested(lines: string[]): string[] {
  let depth = 0;
  return lines.filter((line) => {
    if (/^BEGIN:VCARD\s*$/i.test(line)) depth += 1;
    const keep = depth <= 1;
    if (/^END:VCARD\s*$/i.test(line)) depth -= 1;
    return keep;
  });
}

/** `item1.X-ABLabel:Assistant` names what `item1.TEL` is for. */
function groupLabels(properties: VCardProperty[]): Map<string, string> {
  const labels = new Map<string, string>();
  for (const { name, group, value } of properties) {
    if (name === 'X-ABLABEL' && group)
      labels.set(group, value.replace(/^_\$!<(.*)>!\$_$/, '$1').toLowerCase());
  }
  return labels;
}

function addProperty(card: VCardJson, property: VCardProperty, labels: Map<string, string>): void {
  const { version } = card;
  const label = property.group === undefined ? undefined : labels.get(property.group);
  switch (property.name) {
    case 'VERSION':
    case 'X-ABLABEL':
    case 'AGENT':
      return;
    case 'UID':
      return setOnce(card, 'uid', textOf(property, version));
    case 'KIND':
    case 'X-ADDRESSBOOKSERVER-KIND':
      return setOnce(card, 'kind', textOf(property, version).toLowerCase());
    case 'FN':
      return setOnce(card, 'fullName', textOf(property, version));
    case 'N':
      return addName(card, property);
    case 'EMAIL':
      return addTyped(card.emails, typedValue(property, version, label));
    case 'TEL':
      return addTyped(card.phones, typedValue(property, version, label));
    case 'ORG':
      return addOrganization(card, property);
    case 'TITLE':
      return setOnce(card, 'title', textOf(property, version));
    case 'BDAY':
      Object.assign(card, birthdayOf(property));
      return;
    case 'ADR':
      return addAddress(card, addressOf(property, version, label));
    case 'URL':
      return addText(card.urls, textOf(property, version));
    case 'NOTE':
      card.notes = [card.notes, textOf(property, version)].filter(Boolean).join('\n\n');
      return;
    case 'CATEGORIES':
      return addCategories(card, property);
    case 'REV':
      return setOnce(card, 'rev', isoInstant(property.value) ?? '');
    case 'PHOTO':
      card.photo = property.value
        ? { url: property.value }
        : { bytes: Number(property.params['SIZE']?.[0] ?? 0) };
      return;
    default:
      return addOther(card, property);
  }
}

type TextKey = 'uid' | 'kind' | 'fullName' | 'firstName' | 'lastName' | 'organization' | 'title' | 'rev';

/** The first one counts: a second FN or TITLE is an alternative (another language, another job). */
function setOnce(card: VCardJson, key: TextKey, value: string): void {
  if (value !== '') card[key] ??= value;
}

function addName(card: VCardJson, property: VCardProperty): void {
  const name = nameOf(property, card.version);
  setOnce(card, 'firstName', name.first);
  setOnce(card, 'lastName', name.last);
  if (name.full !== '') (card.other['n'] ??= []).push(name.full);
}

function addOrganization(card: VCardJson, property: VCardProperty): void {
  const { organization, units } = organizationOf(property, card.version);
  if (organization === '' || card.organization !== undefined) return;
  card.organization = organization;
  card.organizationUnits = units;
}

function addTyped(list: VCardValue[], value: VCardValue): void {
  if (value.value !== '' && !list.some((known) => known.value === value.value)) list.push(value);
}

function addAddress(card: VCardJson, address: VCardAddress | undefined): void {
  if (address) card.addresses.push(address);
}

function addText(list: string[], value: string): void {
  if (value !== '' && !list.includes(value)) list.push(value);
}

function addCategories(card: VCardJson, { value }: VCardProperty): void {
  const separated = card.version === '2.1' ? value.replace(/(?<!\\);/g, ',') : value;
  for (const part of splitUnescaped(separated, ','))
    addText(card.categories, unescapeText(part, card.version));
}

function addOther(card: VCardJson, property: VCardProperty): void {
  const name = property.name.toLowerCase();
  const isKnown = Object.hasOwn(card.other, name);
  if (property.value === '' || (!isKnown && Object.keys(card.other).length >= 100)) return;
  const values = isKnown ? (card.other[name] ?? []) : (card.other[name] = []);
  if (values.length < 20) values.push(unescapeText(property.value, card.version).slice(0, 4_096));
}

function finish(card: VCardJson): VCardJson {
  const composed = card.other['n']?.[0];
  delete card.other['n'];
  const fullName = card.fullName ?? composed ?? card.organization ?? null;
  byPreference(card.emails);
  byPreference(card.phones);
  card.emailAddresses = card.emails.map(({ value }) => value);
  card.phoneNumbers = card.phones.map(({ value }) => value);
  return {
    ...card,
    fullName,
    email: card.emailAddresses[0] ?? null,
    phone: card.phoneNumbers[0] ?? null,
    address: preferredAddress(card.addresses),
    url: card.urls[0] ?? null,
  };
}

/** Sorting is stable: among equals the order of the card stays. */
function byPreference(values: VCardValue[]): void {
  values.sort((a, b) => (a.pref ?? 101) - (b.pref ?? 101));
}

function preferredAddress(addresses: VCardAddress[]): VCardAddress | null {
  const rank = ({ pref }: VCardAddress): number => pref ?? 101;
  return [...addresses].sort((a, b) => rank(a) - rank(b))[0] ?? null;
}
