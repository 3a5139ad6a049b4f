/**
 * Verifies a certificate without a network and without any package:
 *
 *   node scripts/verify-certificate.mjs certificate.json jwks.json
 *
 * `certificate.json` is the answer of `GET /v1/runs/{runId}/certificate`, `jwks.json` that of `GET /v1/certificates/keys`, fetched once
 * from the deployment that you trust. Ends with 0 when the certificate is genuine, 1 when it is not, 2 when it cannot be judged.
 */
import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** RFC 8785: keys sorted by UTF-16 code units, numbers and strings as ECMAScript writes them. */
function canonical(value) {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${members.join(',')}}`;
}

function read(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    end(2, `${path} cannot be read as JSON (${error.code ?? error.name}).`);
  }
}

function end(code, words) {
  console.log(words);
  process.exit(code);
}

const [certificatePath, keysPath] = process.argv.slice(2);
if (!certificatePath || !keysPath) {
  end(2, 'Usage: node scripts/verify-certificate.mjs <certificate.json> <jwks.json>');
}

const { certificate, signature, keyId, algorithm } = read(certificatePath) ?? {};
if (typeof certificate !== 'object' || certificate === null || typeof signature !== 'string') {
  end(
    2,
    `${certificatePath} is not a signed certificate: it needs certificate, signature, keyId and algorithm.`,
  );
}
const keys = read(keysPath)?.keys;
if (!Array.isArray(keys)) end(2, `${keysPath} has no list of keys.`);
if (algorithm !== 'Ed25519') end(1, `Not valid: the algorithm is not Ed25519.`);
const jwk = keys.find(({ kid, kty, crv }) => kid === keyId && kty === 'OKP' && crv === 'Ed25519');
if (!jwk) end(1, 'Not valid: there is no key of that id among the trusted ones.');

const bytes = Buffer.from(signature, 'base64url');
const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: jwk.x }, format: 'jwk' });
const genuine =
  bytes.toString('base64url') === signature &&
  verify(null, Buffer.from(canonical(certificate), 'utf8'), key, bytes);
if (!genuine) end(1, 'Not valid: the certificate or its signature was changed after it was issued.');
end(
  0,
  `Valid: issued ${certificate.issuedAt} for run ${certificate.run?.runId}, which ended ${certificate.run?.status}.`,
);
