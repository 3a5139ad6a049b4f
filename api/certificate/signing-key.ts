import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import canonicalize from 'canonicalize';
import { SIGNING_KEY } from '../../activities/connections/reseal.js';
import type { PublicSigningKey, SigningKeyDoc } from '../../activities/store/documents.js';
import type { ApiDeps } from '../deps.js';
import { Problem } from '../errors.js';

export interface PublicKey {
  kty: 'OKP';
  crv: 'Ed25519';
  x: string;
  kid: string;
  use: 'sig';
  alg: 'EdDSA';
}

type KeyDeps = Pick<ApiDeps, 'store' | 'sealer' | 'clock'>;

/**
 * The deployment's newest key, the first one made when it is first asked for. Safe in several processes at once: the first one stored
 * counts. The private half is in the store only sealed, and only while it is the newest.
 */
export async function signingKey(deps: KeyDeps): Promise<SigningKeyDoc> {
  return (await deps.store.signingKeys.get()) ?? deps.store.signingKeys.insert(await makeKey(deps));
}

/** Public halves of every key that this deployment ever signed with, the newest first. */
export async function knownKeys(deps: KeyDeps): Promise<PublicSigningKey[]> {
  await signingKey(deps);
  return deps.store.signingKeys.list();
}

/** Another key signs from now on; what the earlier ones signed can be verified as before. The same token makes one key. */
export async function rotateKey(deps: KeyDeps, token: string): Promise<PublicSigningKey> {
  return deps.store.signingKeys.rotate(await makeKey(deps), token);
}

async function makeKey({ sealer, clock }: KeyDeps): Promise<SigningKeyDoc> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const { x } = publicKey.export({ format: 'jwk' });
  if (typeof x !== 'string') throw new Error('The key that was made has no public half.');
  const secret = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
  return {
    keyId: thumbprint(x),
    publicKey: x,
    sealed: sealer.seal(SIGNING_KEY, secret),
    createdAt: clock().toISOString(),
  };
}

/** Throws `signing_key_unreadable` where the sealing key of that time is no longer known. */
export async function privateKey(
  { sealer }: Pick<ApiDeps, 'sealer'>,
  key: SigningKeyDoc,
): Promise<KeyObject> {
  let der: string;
  try {
    der = sealer.open(SIGNING_KEY, key.sealed);
  } catch {
    throw new Problem(
      'signing_key_unreadable',
      'The key that signs certificates was sealed with a SLUICE_SECRET_KEY that this process does not have. Nothing was signed or changed. Add the old key after a comma in the configuration and ask again; or, where it is lost, have the owner make a new signing key (POST /v1/certificates/keys).',
    );
  }
  return createPrivateKey({ key: Buffer.from(der, 'base64'), format: 'der', type: 'pkcs8' });
}

/** As RFC 8037 writes an Ed25519 key. */
export function publicJwk({ keyId, publicKey }: Pick<SigningKeyDoc, 'keyId' | 'publicKey'>): PublicKey {
  return { kty: 'OKP', crv: 'Ed25519', x: publicKey, kid: keyId, use: 'sig', alg: 'EdDSA' };
}

export function verifyingKey({ publicKey }: Pick<SigningKeyDoc, 'publicKey'>): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
}

/** RFC 7638: the key's name follows from the key. */
function thumbprint(x: string): string {
  const members = canonicalize({ crv: 'Ed25519', kty: 'OKP', x }) ?? '';
  return createHash('sha256').update(members).digest('base64url');
}
