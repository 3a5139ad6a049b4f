import { createHmac } from 'node:crypto';

/**
 * A new key, shown once and stored only as its hash. Made from the request's token, so that a repeated request with the same
 * `Idempotency-Key` shows the same key although nobody kept it; without the secret key it cannot be computed.
 */
export function makeKey(secretKey: string, purpose: string, token: string): string {
  return `slc_${createHmac('sha256', secretKey).update(`sluice-${purpose}:${token}`).digest('base64url')}`;
}
