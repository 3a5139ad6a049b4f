import type { FailureCode } from '../../workflows/contract/failures.js';
import { AddressRefused } from './http-network.js';
import { ProviderFailure } from './provider.js';

/** Headers of an answer, names in lower case. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** More than the limit came. Its own class, because a caller that asked for many things can ask for fewer. */
export class AnswerTooLarge extends ProviderFailure {
  constructor(host: string, limit: number) {
    super(
      'provider_contract_broken',
      `${host} sent an answer larger than ${limit} bytes, and reading it was stopped. ` +
        'Check that the address is the right one; the limit is a setting of this deployment.',
    );
  }
}

/**
 * The answer stopped in its middle, although the connection ended in order (a server or proxy that gave up on its way).
 * Its own class, because the same request may well be answered whole the next time.
 */
export class AnswerCutOff extends ProviderFailure {
  constructor(host: string) {
    super(
      'provider_unavailable',
      `${host} sent an answer that was cut off in the middle. It is tried again.`,
    );
  }
}

interface StatusRule {
  code: FailureCode;
  says: string;
}

/** The one table from HTTP status to failure code. Classes that are not named fall to `REST`. */
const STATUSES: Readonly<Record<number, StatusRule>> = {
  401: {
    code: 'credentials_rejected',
    says: 'refused the credentials (401). Enter them again, then check the connection.',
  },
  402: { code: 'permission_missing', says: 'wants a paid plan for this (402). Look at the account there.' },
  403: {
    code: 'permission_missing',
    says: 'knows the credentials but does not allow this (403). Give them the permission there, or use others.',
  },
  404: {
    code: 'provider_object_gone',
    says: 'has nothing at this address (404). It may have been moved or deleted; check the settings.',
  },
  408: { code: 'provider_unavailable', says: 'gave up waiting for our request (408). It is tried again.' },
  410: {
    code: 'provider_object_gone',
    says: 'says that this was removed for good (410). Check the settings.',
  },
  412: {
    code: 'cursor_expired',
    says: 'no longer accepts the place where reading stopped (412). A full listing is needed.',
  },
  423: { code: 'provider_unavailable', says: 'has locked this for a moment (423). It is tried again.' },
  425: { code: 'provider_unavailable', says: 'was not ready (425). It is tried again.' },
  429: {
    code: 'provider_rate_limited',
    says: 'asks for fewer requests (429). Reading goes on after a pause.',
  },
  501: {
    code: 'provider_contract_broken',
    says: 'does not know this kind of request (501). Check that the address in the settings is the right one.',
  },
};
const REST: readonly { from: number; rule: StatusRule }[] = [
  {
    from: 500,
    rule: { code: 'provider_unavailable', says: 'has trouble of its own. It is tried again.' },
  },
  {
    from: 0,
    rule: {
      code: 'provider_contract_broken',
      says: 'answered in a way that this provider does not. Check that the address in the settings is the right one.',
    },
  },
];

/** A status that is no success, as a failure. The body is never part of it. */
export function failureOfStatus(
  status: number,
  headers: Headers,
  host: string,
  now: number,
): ProviderFailure {
  // Some answer 403 instead of 429 (GitHub, "Rate limits for the REST API").
  const limited =
    status === 403 &&
    (header(headers, 'retry-after') !== undefined || header(headers, 'x-ratelimit-remaining') === '0');
  const named = STATUSES[limited ? 429 : status];
  const rule = named ?? REST.find(({ from }) => status >= from)?.rule;
  const code = rule?.code ?? 'provider_contract_broken';
  const says = named === undefined ? `answered ${status}: it ${rule?.says ?? ''}` : named.says;
  const waits = code === 'provider_rate_limited' || code === 'provider_unavailable';
  return new ProviderFailure(code, `${host} ${says}`, waits ? retryTime(headers, now) : undefined);
}

export function header(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.[0];
}

/** A day is the longest pause that is believed. */
const LONGEST_WAIT_MS = 24 * 3_600_000;

/**
 * When to ask again: `Retry-After` as seconds or HTTP date (RFC 9110 §10.2.3), else `X-RateLimit-Reset` as seconds
 * since 1970, milliseconds since 1970 or seconds from now (no standard says which; the size tells).
 */
export function retryTime(headers: Headers, now: number): Date | undefined {
  const after = header(headers, 'retry-after')?.trim();
  if (after !== undefined && after !== '') {
    const at = /^\d+(\.\d+)?$/.test(after) ? now + Number(after) * 1_000 : Date.parse(after);
    if (!Number.isNaN(at)) return clamp(at, now);
  }
  const reset = header(headers, 'x-ratelimit-reset')?.trim();
  if (reset === undefined || !/^\d+(\.\d+)?$/.test(reset)) return undefined;
  const value = Number(reset);
  if (value > 1e12) return clamp(value, now);
  return clamp(value > 1e9 ? value * 1_000 : now + value * 1_000, now);
}

function clamp(at: number, now: number): Date {
  return new Date(Math.min(Math.max(at, now), now + LONGEST_WAIT_MS));
}

export interface Broken {
  failure: ProviderFailure;
  /** The connection broke, by chance as far as one can tell: asking once more may do. */
  again: boolean;
}

/** What the socket, TLS, DNS or the parser threw, in plain words. */
export function failureOfError(error: unknown, host: string): Broken {
  if (error instanceof AddressRefused) return { failure: addressRefused(host), again: false };
  const code = codeOf(error);
  const certificate = CERTIFICATE[code];
  if (certificate !== undefined || code.startsWith('CERT_')) {
    return { failure: badCertificate(host, certificate ?? 'it was refused'), again: false };
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) {
    return {
      failure: new ProviderFailure(
        'provider_contract_broken',
        `${host} does not speak TLS at this address. Check the port, and whether it must be http:// or https://.`,
      ),
      again: false,
    };
  }
  const isParserError = error instanceof Error && error.name === 'HTTPParserError';
  if (isParserError || code === 'UND_ERR_HEADERS_OVERFLOW') {
    return {
      failure: new ProviderFailure(
        'provider_contract_broken',
        `What answers at ${host} is no web server. Check the address and the port.`,
      ),
      again: false,
    };
  }
  const words = WORDS[code] ?? 'the connection broke before the answer was complete';
  return {
    failure: new ProviderFailure('provider_unavailable', `${host} could not be read: ${words}.`),
    again: !FINAL.has(code),
  };
}

function addressRefused(host: string): ProviderFailure {
  return new ProviderFailure(
    'address_not_allowed',
    `${host} is a private, local or reserved address, which this deployment does not allow. ` +
      'Use a public address, or have whoever runs Sluice set ALLOW_PRIVATE_NETWORKS=true.',
  );
}

function badCertificate(host: string, why: string): ProviderFailure {
  return new ProviderFailure(
    'certificate_invalid',
    `The TLS certificate of ${host} is not trusted: ${why}. Nothing was sent to it. Install a valid certificate ` +
      'there, or have whoever runs Sluice trust its authority (NODE_EXTRA_CA_CERTS), then check the connection again.',
  );
}

/** Codes of Node's TLS for a certificate it does not accept, in words. Others begin with `CERT_`. */
const CERTIFICATE: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its chain ends in a self-signed certificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its chain is incomplete or its authority unknown',
  UNABLE_TO_GET_ISSUER_CERT: 'its authority is unknown',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its authority is unknown',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it was issued for another name',
  HOSTNAME_MISMATCH: 'it was issued for another name',
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
};

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there. Check the address and the port',
  ENOTFOUND: 'its name is not known. Check the spelling of the address',
  EAI_AGAIN: 'its name could not be looked up just now',
  EHOSTUNREACH: 'there is no way to it from here',
  ENETUNREACH: 'there is no way to it from here',
  ECONNRESET: 'it closed the connection',
  UND_ERR_SOCKET: 'it closed the connection',
  ETIMEDOUT: 'it did not answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'it did not answer in time',
};

/** Asking at once again would only cost time. */
const FINAL = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** The error's code; where several addresses were tried, the first one's. */
function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  if ('errors' in error && Array.isArray(error.errors)) return codeOf(error.errors[0]);
  return '';
}
