import { isIP } from 'node:net';
import { getDomain } from 'tldts';
import { isAllowedAddress } from '../http-network.js';
import { ProviderFailure } from '../provider.js';

/** The address in the settings; a bare host is read as https, except on this machine or a private network. */
export function serverUrl(text: string): URL {
  const trimmed = text.trim();
  if (/^https?:\/\//i.test(trimmed)) return new URL(trimmed);
  const host = new URL(`https://${trimmed}`).hostname.replace(/^\[|\]$/g, '');
  const isPrivate =
    host === 'localhost' || (isIP(host) !== 0 && !isAllowedAddress(host, { allowPrivate: false }));
  return new URL(`${isPrivate ? 'http' : 'https'}://${trimmed}`);
}

/**
 * Where a reference of the server leads. It may be another host of the same organisation over https (large services keep
 * each account on a machine of its own); anywhere else the credentials would leave the host they were entered for.
 */
export function resolveHref(base: URL, href: string): URL {
  const url = URL.canParse(href, base.href) ? new URL(href, base) : undefined;
  if (url !== undefined && url.origin === base.origin) return url;
  if (url !== undefined && url.protocol === 'https:') {
    const domain = getDomain(base.hostname);
    if (url.hostname === base.hostname || (domain !== null && domain === getDomain(url.hostname))) return url;
  }
  throw new ProviderFailure(
    'provider_contract_broken',
    `${base.host} refers to ${url?.origin ?? 'an address that cannot be read'} for the address books, which is another ` +
      'host. If it is the right one, put it into the setting url and enter the credentials again.',
  );
}

/** A path in one spelling, whatever the server or a person chose to encode. */
export function plainPath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The same, whether it ends in a slash or not. */
export function samePath(path: string, wanted: string): boolean {
  return plainPath(path).replace(/\/$/, '') === plainPath(wanted).replace(/\/$/, '');
}

export function lastPart(url: URL): string {
  return plainPath(url.pathname.split('/').findLast((part) => part !== '') ?? url.host);
}
