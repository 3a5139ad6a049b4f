import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { SigningKeyDoc } from '../../activities/store/documents.js';
import type { ApiDeps } from '../deps.js';
import { Problem } from '../errors.js';

/** What the key is sealed for: no app can have this name, and no workspace has none. */
const SEALED_FOR = { workspaceId: '', appId: 'certificate-signing-key' };

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
 * The deployment's one key, made when it is first asked for. Safe in several processes at once: the first one stored counts. The
 * private half is in the store only sealed.
 */
export async function signingKey(deps: KeyDeps): Promise<SigningKeyDoc> {
  return (await deps.store.signingKeys.get()) ?? deps.store.signingKeys.insert(await makeKey(deps));
}

async function makeKey({ sealer, clock }: KeyDeps): Promise<SigningKeyDoc> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const { x } = publicKey.export({ format: 'jwk' });
  if (typeof x !== 'string') throw new Error('The key that was made has no public half.');
  const secret = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
  return {
    keyId: thumbprint(x),
    publicKey: x,
    sealed: await sealer.seal(SEALED_FOR, secret),
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
    der = await sealer.open(SEALED_FOR, key.sealed);
  } catch {
    throw new Problem(
      'signing_key_unreadable',
      'The key that signs certificates was sealed with a SLUICE_SECRET_KEY that this process does not have. Nothing was signed or changed. Add the old key after a comma in the configuration, and ask again.',
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
