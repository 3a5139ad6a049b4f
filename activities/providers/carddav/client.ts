import { failureOfStatus, header } from '../http-failures.js';
import type { Headers } from '../http-failures.js';
import type { Http } from '../http.js';
import { ProviderFailure } from '../provider.js';
import { errorConditions, MAX_TEXT, MultistatusReader } from './dav-xml.js';
import type { DavItem, DavNode } from './dav-xml.js';

export interface BasicCredentials {
  username: string;
  password: string;
}

export interface DavRequest {
  method: 'PROPFIND' | 'REPORT';
  url: URL;
  depth: '0' | '1';
  body: string;
  /** Takes the items as they come; made anew when a broken answer is read again. */
  collect: () => (item: DavItem) => void;
  /** Statuses that the caller judges; others throw as the table of `http-failures.ts` says. */
  accept?: readonly number[];
  maxBytes?: number;
  timeoutMs?: number;
}

export type DavAnswer =
  | { ok: true; url: URL; extras: DavNode[] }
  /** `conditions`: the elements of the server's error document, such as `number-of-matches-within-limits`. */
  | { ok: false; status: number; conditions: string[]; failure: ProviderFailure };

export type DavText = { ok: true; text: string } | { ok: false; status: number };

/** CardDAV over the one HTTP client. Credentials are read at each request, so that corrected ones count at once. */
export interface DavClient {
  ask(request: DavRequest, signal: AbortSignal): Promise<DavAnswer>;
  text(url: URL, accept: readonly number[], signal: AbortSignal): Promise<DavText>;
}

export function createDavClient(http: Http, credentials: () => Promise<BasicCredentials>): DavClient {
  async function authorization(): Promise<string> {
    const { username, password } = await credentials();
    return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
  }

  async function ask(asked: DavRequest, signal: AbortSignal): Promise<DavAnswer> {
    let reader: MultistatusReader | undefined;
    const answer = await http.request({
      method: asked.method,
      url: asked.url,
      headers: {
        authorization: await authorization(),
        // Some servers answer 415 to text/xml, although RFC 4918 §8.2 wants both taken.
        'content-type': 'application/xml; charset=utf-8',
        depth: asked.depth,
      },
      body: asked.body,
      signal,
      expect: 'xml',
      accept: [401, ...(asked.accept ?? [])],
      reader: () => {
        reader = new MultistatusReader(asked.url.host, asked.collect());
        return reader;
      },
      ...(asked.maxBytes === undefined ? {} : { maxBytes: asked.maxBytes }),
      ...(asked.timeoutMs === undefined ? {} : { timeoutMs: asked.timeoutMs }),
    });
    const { status, headers, url } = answer;
    if (status === 401) throw unauthorized(url, headers);
    if (status >= 300) {
      const failure = failureOfStatus(status, headers, url.host, Date.now());
      return { ok: false, status, conditions: errorConditions(answer.text), failure };
    }
    return { ok: true, url, extras: reader?.extras ?? [] };
  }

  async function text(url: URL, accept: readonly number[], signal: AbortSignal): Promise<DavText> {
    const answer = await http.request({
      method: 'GET',
      url,
      headers: { authorization: await authorization(), accept: 'text/vcard, text/x-vcard;q=0.9, */*;q=0.1' },
      signal,
      expect: 'vcard',
      accept: [401, ...accept],
      maxBytes: MAX_TEXT,
    });
    if (answer.status === 401) throw unauthorized(answer.url, answer.headers);
    if (answer.status >= 300) return { ok: false, status: answer.status };
    return { ok: true, text: answer.text };
  }

  return { ask, text };
}

function unauthorized(url: URL, headers: Headers): ProviderFailure {
  const wanted = header(headers, 'www-authenticate') ?? '';
  if (wanted !== '' && !/\bbasic\b/i.test(wanted)) {
    return new ProviderFailure(
      'credentials_rejected',
      `${url.host} wants another way of logging in than user name and password sent as "Basic" ` +
        '(some servers offer Digest or tokens only). Allow Basic there, best with an app password.',
    );
  }
  return new ProviderFailure(
    'credentials_rejected',
    `${url.host} refused the user name or the password (401). Enter them again; an account with two-step log-in ` +
      'often needs an app password.',
  );
}
