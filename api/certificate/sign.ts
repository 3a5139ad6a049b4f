import { sign, verify } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { ApiDeps } from '../deps.js';
import type { Certificate, SignedCertificate } from '../shapes/certificate.js';
import { knownKeys, privateKey, signingKey, verifyingKey } from './signing-key.js';

export const ALGORITHM = 'Ed25519';

/** Bytes of an Ed25519 signature (RFC 8032). */
const SIGNATURE_BYTES = 64;

type SignDeps = Pick<ApiDeps, 'store' | 'sealer' | 'clock'>;

/** Signs the RFC 8785 form, so that neither the order of fields nor white space matters to whoever verifies. */
export async function signed(deps: SignDeps, certificate: Certificate): Promise<SignedCertificate> {
  const key = await signingKey(deps);
  const signature = sign(null, bytesOf(certificate), await privateKey(deps, key)).toString('base64url');
  return { certificate, signature, keyId: key.keyId, algorithm: ALGORITHM };
}

export type Verdict = { valid: true } | { valid: false; reason: string };

/** Says why not: which key, which form, or that something was changed since. */
export async function verified(
  deps: SignDeps,
  {
    certificate,
    signature,
    keyId,
    algorithm,
  }: { certificate: Record<string, unknown>; signature: string; keyId: string; algorithm: string },
): Promise<Verdict> {
  const no = (reason: string): Verdict => ({ valid: false, reason });
  if (algorithm !== ALGORITHM)
    return no(`The algorithm is not ${ALGORITHM}, with which certificates are signed.`);
  const key = (await knownKeys(deps)).find((each) => each.keyId === keyId);
  if (!key) {
    return no(
      'This deployment has no key of that id: the certificate was issued elsewhere, or its key id was changed.',
    );
  }
  const given = Buffer.from(signature, 'base64url');
  // Decoding forgives what encoding never writes: only the one way to write these bytes counts.
  if (given.length !== SIGNATURE_BYTES || given.toString('base64url') !== signature) {
    return no('The signature is not one: it must be 64 bytes in Base64 for URLs, without padding.');
  }
  if (!verify(null, bytesOf(certificate), verifyingKey(key), given)) {
    return no(
      'The signature does not fit: the certificate or the signature was changed after it was issued.',
    );
  }
  return { valid: true };
}

export function bytesOf(certificate: object): Buffer {
  return Buffer.from(canonicalize(certificate) ?? '', 'utf8');
}
