import { createHash } from 'node:crypto';
import { parseVCard } from '../formats/vcard.js';
import type { SourceRecord } from '../../records/types.js';

/** Design limit of one source record (1 MiB), less what the parsed form and the reference add. */
export const MAX_CARD = 1_000_000;

/** What became of one card that was asked for. */
export type FetchedCard =
  | { key: string; state: 'read'; vcard: string }
  | { key: string; state: 'gone' }
  | { key: string; state: 'too_large' }
  | { key: string; state: 'refused'; status: number };

/**
 * A card as a source record of contacts. `data` is the parsed card (`VCardJson`, so that a mapping reads as it does for an
 * uploaded vCard file) with three more: `href`, `organizationId` and `$raw`, the text exactly as the server sent it.
 */
export function toContact(card: FetchedCard): SourceRecord | undefined {
  const position = card.key;
  switch (card.state) {
    case 'gone':
      return undefined;
    case 'too_large':
      return {
        externalId: hrefId(card.key),
        data: { href: card.key },
        position,
        trouble: {
          code: 'too_large',
          message:
            'This card is larger than 1 MB (a big picture, most often). It was left out. Make it smaller there.',
        },
      };
    case 'refused':
      return {
        externalId: hrefId(card.key),
        data: { href: card.key },
        position,
        trouble: {
          code: 'row_broken',
          message: `The server lists this card but answered ${card.status} for it. It was left out; the others were read.`,
        },
      };
    case 'read':
      return readCard(card.key, card.vcard, position);
  }
}

function readCard(key: string, vcard: string, position: string): SourceRecord {
  const parsed = parseVCard(vcard.trim());
  if (!parsed.ok) {
    return {
      // The id that the card will have once it is corrected, where it can be told.
      externalId: uidIn(vcard) ?? hrefId(key),
      data: { href: key, $raw: vcard },
      position,
      trouble: {
        code: 'row_broken',
        message: `This card is no readable vCard: ${parsed.message} It was left out; the others were read. Correct it there.`,
      },
    };
  }
  const { card } = parsed;
  const organizationId = card.organization === undefined ? '' : foldOrganization(card.organization);
  return {
    externalId: card.uid ?? hrefId(key),
    ...(card.rev !== undefined && FULL_TIME.test(vcard) ? { modifiedAt: card.rev } : {}),
    data: { ...card, href: key, ...(organizationId === '' ? {} : { organizationId }), $raw: vcard },
    position,
  };
}

/** The organization of a card as a source record of accounts. */
export function toAccount(card: FetchedCard): SourceRecord | undefined {
  if (card.state !== 'read') return undefined;
  const parsed = parseVCard(card.vcard.trim());
  const organization = parsed.ok ? parsed.card.organization?.trim() : undefined;
  if (organization === undefined) return undefined;
  const externalId = foldOrganization(organization);
  return externalId === '' ? undefined : { externalId, data: { organization }, position: card.key };
}

/**
 * One spelling for the organizations that people typed: case, width and spaces. An identity, so nothing more is folded
 * away: "Acme GmbH" and "Acme Inc" stay two. Longer than an id may be, it ends in a hash of the whole.
 */
export function foldOrganization(organization: string): string {
  const folded = organization.normalize('NFKC').toLowerCase().replace(/\s+/gu, ' ').trim();
  if (folded.length <= 200) return folded;
  return `${folded.slice(0, 160)} ${createHash('sha256').update(folded).digest('hex').slice(0, 32)}`;
}

/** A card without a UID is named by its address, which no UID looks like. */
export function hrefId(key: string): string {
  return `href:${key}`;
}

/** A REV that says its zone (RFC 6350 §6.7.4). A mere date or a local time cannot be compared with another clock. */
const FULL_TIME = /^REV[^:\r\n]*:\s*\d{4}-?\d\d-?\d\dT\d\d:?\d\d:?\d\d([.,]\d+)?(Z|[+-]\d\d(:?\d\d)?)\s*$/im;

function uidIn(vcard: string): string | undefined {
  const uid = /^UID[^:\r\n]*:(.+)$/im.exec(vcard)?.[1]?.trim();
  return uid === undefined || uid === '' ? undefined : uid.slice(0, 1_000);
}
