import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** A key and the name that sealed texts carry. The name says nothing of the key. */
export interface SealingKey {
  id: string;
  key: Buffer;
}

/** All parts Base64. Whoever reads this without the key learns only the length. */
export interface Sealed {
  keyId: string;
  iv: string;
  tag: string;
  data: string;
}

/** What a secret belongs to: it cannot be opened for another app, even by somebody who can write to the database. */
export interface SealContext {
  workspaceId: string;
  appId: string;
}

/** Says what to do; never the secret, the key or what was found instead. */
export class SealBroken extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SealBroken';
  }
}

/**
 * AES-256-GCM. Seals with the first key and opens with any, so that keys can be rotated: put the new one first, keep the
 * old one until every secret was sealed anew (`reseal.ts`).
 */
export interface Sealer {
  seal(context: SealContext, secret: string): Sealed;
  /** Throws `SealBroken` when the key is missing, or the text or its context was altered. */
  open(context: SealContext, sealed: Sealed): string;
  /** Sealed with a key that is no longer the first. */
  isOld(sealed: Sealed): boolean;
}

/** 32 bytes, as Base64 (with or without padding, URL-safe or not) or 64 hexadecimal digits. */
export function sealingKey(text: string): SealingKey {
  const trimmed = text.trim();
  const isHex = /^[0-9a-f]{64}$/i.test(trimmed);
  const key = Buffer.from(trimmed, isHex ? 'hex' : 'base64');
  if (key.length !== KEY_BYTES || (!isHex && !/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed))) {
    throw new SealBroken(
      `A sealing key must be ${KEY_BYTES} bytes as Base64 or hexadecimal. Make one with: openssl rand -base64 32`,
    );
  }
  return { id: keyId(key), key };
}

/** The key that seals, and older ones that still open; lists with commas, the newest first. Keys given twice count once. */
export function sealingKeys(newest: string, older: string | undefined): SealingKey[] {
  const texts = [newest, ...(older === undefined ? [] : [older])].flatMap((text) => text.split(','));
  const keys = texts.filter((text) => text.trim() !== '').map((text) => sealingKey(text));
  return [...new Map(keys.map((key) => [key.id, key])).values()];
}

export function createSealer(keys: readonly SealingKey[]): Sealer {
  const [first] = keys;
  if (first === undefined) throw new SealBroken('There is no sealing key. Set SLUICE_SECRET_KEY.');
  const byId = new Map(keys.map((each) => [each.id, each.key]));
  if (byId.size !== keys.length) throw new SealBroken('Two sealing keys are the same or share a name.');

  return {
    seal(context, secret) {
      // 96 random bits: safe for far more secrets under one key than apps will ever have (NIST SP 800-38D §8.3).
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', first.key, iv, { authTagLength: TAG_BYTES });
      cipher.setAAD(boundTo(context, first.id));
      const data = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return {
        keyId: first.id,
        iv: iv.toString('base64'),
        tag: cipher.getAuthTag().toString('base64'),
        data: data.toString('base64'),
      };
    },
    open(context, sealed) {
      const key = byId.get(sealed.keyId);
      if (key === undefined) {
        throw new SealBroken(
          'These credentials were sealed with a key that this process does not have. Add the old key to the ' +
            'configuration, or enter the credentials again.',
        );
      }
      return decrypt(sealed, key, context);
    },
    isOld: (sealed) => sealed.keyId !== first.id,
  };
}

function decrypt(sealed: Sealed, key: Buffer, context: SealContext): string {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(sealed.iv, 'base64'), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(boundTo(context, sealed.keyId));
    decipher.setAuthTag(Buffer.from(sealed.tag, 'base64'));
    const plain = Buffer.concat([decipher.update(Buffer.from(sealed.data, 'base64')), decipher.final()]);
    return plain.toString('utf8');
  } catch {
    throw new SealBroken('The stored credentials were altered and cannot be opened. Enter them again.');
  }
}

/** As JSON, so that no two contexts give the same bytes. */
function boundTo({ workspaceId, appId }: SealContext, id: string): Buffer {
  return Buffer.from(JSON.stringify(['sluice-credentials', 1, workspaceId, appId, id]), 'utf8');
}

function keyId(key: Buffer): string {
  return createHash('sha256').update('sluice-key-id').update(key).digest('hex').slice(0, 12);
}
