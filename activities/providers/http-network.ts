import { lookup as systemLookup } from 'node:dns';
import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { Agent, buildConnector } from 'undici';
import type { NetworkPolicy } from './provider.js';

/** A host that does not answer at all is told within this time, however long an answer may take. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Addresses of cloud metadata services that lie in ranges which `allowPrivate` opens. Nobody's business data is there. */
const METADATA = new Set(['100.100.100.200', '192.0.0.192', 'fd00:ec2::254']);

/** What `allowPrivate` adds to the public internet. Link-local (169.254.169.254 is there), multicast and the rest stay shut. */
const PRIVATE_RANGES = new Set(['loopback', 'private', 'uniqueLocal', 'carrierGradeNat']);

/** Thrown while connecting; `http.ts` turns it into the failure `address_not_allowed`. */
export class AddressRefused extends Error {
  constructor() {
    super('The address is not one that may be reached from here.');
    this.name = 'AddressRefused';
  }
}

/** May this IP address be connected to? Text that is no IP address may not. */
export function isAllowedAddress(address: string, policy: Pick<NetworkPolicy, 'allowPrivate'>): boolean {
  if (!ipaddr.isValid(address)) return false;
  // `process` reads an IPv4-mapped IPv6 address as the IPv4 address that would really be reached.
  const parsed = ipaddr.process(address);
  if (METADATA.has(parsed.toString())) return false;
  const range = parsed.range();
  if (policy.allowPrivate && PRIVATE_RANGES.has(range)) return true;
  if (range !== 'unicast') return false;
  // Of IPv6 only 2000::/3 is handed out; the rest (site-local, translated, unassigned) is nobody's public address.
  return parsed.kind() === 'ipv4' || parsed.match(ipaddr.parseCIDR('2000::/3'));
}

/**
 * A DNS look-up that hands the socket only allowed addresses. The socket connects to exactly what was checked,
 * so a name that answers differently a moment later changes nothing.
 */
export function guardedLookup(
  policy: Pick<NetworkPolicy, 'allowPrivate'>,
  resolve: LookupFunction = systemLookup,
): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const addresses: LookupAddress[] =
        typeof found === 'string' ? [{ address: found, family: isIP(found) }] : found;
      const allowed = addresses.filter(({ address }) => isAllowedAddress(address, policy));
      const [first] = allowed;
      if (first === undefined) callback(new AddressRefused(), []);
      else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

/** Connections of one session. An IP address in a URL never sees the look-up, so it is checked here. */
export function createAgent(network: NetworkPolicy, resolve?: LookupFunction): Agent {
  const connectTimeout = Math.min(CONNECT_TIMEOUT_MS, network.requestTimeoutMs);
  // The connector's options are those of three kinds of sockets at once; `lookup` is one of the TCP kind.
  const options: buildConnector.BuildOptions = { timeout: connectTimeout };
  const connect = buildConnector({ ...options, lookup: guardedLookup(network, resolve) });
  return new Agent({
    // Each request has one time limit for headers and body together (`http.ts`).
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: (target, callback) => {
      const host = target.hostname.replace(/^\[|\]$/g, '');
      if (isIP(host) !== 0 && !isAllowedAddress(host, network)) callback(new AddressRefused(), null);
      else connect(target, callback);
    },
  });
}
