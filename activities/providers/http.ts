import type { LookupFunction } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { discard, readText } from './http-body.js';
import { AnswerCutOff, AnswerTooLarge, failureOfError, failureOfStatus, header } from './http-failures.js';
import type { Headers } from './http-failures.js';
import { createAgent } from './http-network.js';
import { ProviderFailure } from './provider.js';
import type { NetworkPolicy, OpenConnection } from './provider.js';

/** Waits up to this long in all happen inside a request; longer ones are the workflow's. */
const SHORT_WAIT_MS = 20_000;
const MAX_REDIRECTS = 5;
/** How often a request whose connection broke, or that met a 502, 503 or 504, is sent again. */
const MAX_REPEATS = 3;
const BACK_OFF_MS = 250;
/** An answer that the caller reads although it is no success: enough for an error document. */
const ERROR_BODY_BYTES = 64 * 1024;
/** Methods that change nothing, so that they may be sent twice. POST is repeated only where the caller says so. */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'PROPFIND', 'REPORT']);

export interface HttpRequest {
  method: string;
  url: URL;
  headers?: Record<string, string>;
  body?: string;
  signal: AbortSignal;
  /** But for `text`, a web page in its place is a failure (a log-in page, most often). */
  expect?: 'xml' | 'json' | 'vcard' | 'text';
  /** Statuses besides 2xx that the caller judges by itself; their text is cut at 64 KiB. */
  accept?: readonly number[];
  /** Takes the text of a success as it comes, made anew for each attempt; without it the text is collected. */
  reader?: () => AnswerReader;
  /** A POST that only reads (GraphQL queries, searches). */
  safe?: boolean;
  /** Bytes; the network policy's limit when absent. */
  maxBytes?: number;
  /** Milliseconds, headers and body; the network policy's when absent. Connecting has a limit of its own. */
  timeoutMs?: number;
}

export interface AnswerReader {
  write(text: string): void;
  /** The answer has come to its end. Throws `AnswerCutOff` where that cannot be its end: it is asked for again. */
  close(): void;
}

export interface HttpAnswer {
  status: number;
  headers: Headers;
  /** Where the answer came from, after redirects. */
  url: URL;
  /** Empty when a `reader` took it. */
  text: string;
}

/** All failures are `ProviderFailure`s without a cause; an abort throws the signal's own reason. */
export interface Http {
  request(request: HttpRequest): Promise<HttpAnswer>;
  close(): Promise<void>;
}

export interface HttpOptions {
  network: NetworkPolicy;
  onRequest: OpenConnection['onRequest'];
  /** Texts that must not be in any message, as they are right now. */
  secrets?: () => readonly string[];
  /** Replaced in tests. */
  lookup?: LookupFunction;
  wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  now?: () => number;
}

type Sent =
  | { kind: 'answer'; answer: HttpAnswer }
  | { kind: 'redirect'; to: string }
  | { kind: 'failed'; failure: ProviderFailure; again: boolean };

/** One per session: it keeps connections open until `close`. */
export function createHttp(options: HttpOptions): Http {
  const agent = createAgent(options.network, options.lookup);
  const now = options.now ?? Date.now;
  const wait = options.wait ?? waitFor;
  const redacted = redactor(options.secrets ?? (() => []));

  async function request(asked: HttpRequest): Promise<HttpAnswer> {
    const mayRepeat = asked.safe === true || SAFE_METHODS.has(asked.method);
    let url = asked.url;
    let redirects = 0;
    let repeats = 0;
    let waited = 0;
    for (;;) {
      const sent = await send(agent, { ...asked, url }, options, now);
      if (sent.kind === 'answer') return sent.answer;
      if (sent.kind === 'redirect') {
        redirects += 1;
        url = redirectTarget(url, sent.to, redirects);
        continue;
      }
      const delay = delayBefore(
        sent.failure,
        sent.again && mayRepeat && repeats < MAX_REPEATS,
        repeats,
        now(),
      );
      if (delay === undefined || waited + delay > SHORT_WAIT_MS) throw sent.failure;
      repeats += 1;
      waited += delay;
      await wait(delay, asked.signal);
    }
  }

  return {
    request: async (asked) => {
      try {
        return await request(asked);
      } catch (error) {
        throw error instanceof ProviderFailure ? redacted(error) : error;
      }
    },
    close: () => agent.destroy(),
  };
}

/** Milliseconds until the same request is sent again; `undefined`: it is not. */
function delayBefore(
  failure: ProviderFailure,
  again: boolean,
  repeats: number,
  now: number,
): number | undefined {
  // A request that was refused with "later" was not carried out, so any method may be repeated.
  if (failure.retryAt !== undefined) return Math.max(failure.retryAt.getTime() - now, BACK_OFF_MS);
  if (!again) return undefined;
  return BACK_OFF_MS * 3 ** repeats * (0.5 + Math.random());
}

/** One request and its answer, within the time-out. Throws only the caller's own abort. */
async function send(
  agent: ReturnType<typeof createAgent>,
  asked: HttpRequest,
  options: HttpOptions,
  now: () => number,
): Promise<Sent> {
  asked.signal.throwIfAborted();
  const limit = new AbortController();
  const giveUp = () => limit.abort();
  const timeoutMs = asked.timeoutMs ?? options.network.requestTimeoutMs;
  const timer = setTimeout(giveUp, timeoutMs);
  asked.signal.addEventListener('abort', giveUp, { once: true });
  const started = now();
  const traffic = { bytes: 0, status: 0 };
  try {
    const answer = await agent.request({
      origin: asked.url.origin,
      path: asked.url.pathname + asked.url.search,
      method: asked.method,
      headers: { 'accept-encoding': 'gzip, deflate', 'user-agent': 'sluice', ...asked.headers },
      body: asked.body ?? null,
      signal: limit.signal,
    });
    traffic.status = answer.statusCode;
    return await judge(asked, answer, options.network, traffic, now());
  } catch (error) {
    asked.signal.throwIfAborted();
    if (error instanceof ProviderFailure) {
      return { kind: 'failed', failure: error, again: error instanceof AnswerCutOff };
    }
    if (limit.signal.aborted) return { kind: 'failed', failure: tooSlow(asked.url, timeoutMs), again: false };
    return { kind: 'failed', ...failureOfError(error, asked.url.host) };
  } finally {
    clearTimeout(timer);
    asked.signal.removeEventListener('abort', giveUp);
    options.onRequest({ ...traffic, milliseconds: now() - started });
  }
}

type RawAnswer = Awaited<ReturnType<ReturnType<typeof createAgent>['request']>>;

async function judge(
  asked: HttpRequest,
  answer: RawAnswer,
  network: NetworkPolicy,
  traffic: { bytes: number },
  now: number,
): Promise<Sent> {
  const { statusCode: status, headers, body } = answer;
  const location = header(headers, 'location');
  const good = status >= 200 && status < 300;
  if (!good && asked.accept?.includes(status) !== true) {
    await discard(body);
    if (status >= 300 && status < 400 && location !== undefined) return { kind: 'redirect', to: location };
    const failure = failureOfStatus(status, headers, asked.url.host, now);
    return { kind: 'failed', failure, again: status >= 502 && status <= 504 };
  }
  const maxBytes = good ? (asked.maxBytes ?? network.maxResponseBytes) : ERROR_BODY_BYTES;
  let text = '';
  const reader = good ? asked.reader?.() : undefined;
  let first = good;
  const tooLarge = () => new AnswerTooLarge(asked.url.host, maxBytes);
  traffic.bytes = await readText(body, headers, { maxBytes, tooLarge }, (part) => {
    if (first) refuseWebPage(asked, headers, part);
    first = first && part.trim() === '';
    if (reader === undefined) text += part;
    else reader.write(part);
  });
  reader?.close();
  return { kind: 'answer', answer: { status, headers, url: asked.url, text } };
}

function refuseWebPage(asked: HttpRequest, headers: Headers, start: string): void {
  if (asked.expect === undefined || asked.expect === 'text') return;
  const isPage =
    /^text\/html\b/i.test(header(headers, 'content-type') ?? '') ||
    /^\s*<(!doctype html|html)\b/i.test(start);
  if (!isPage) return;
  throw new ProviderFailure(
    'provider_contract_broken',
    `${asked.url.host} answered with a web page (perhaps a log-in page) where data was expected. ` +
      'Check that the address in the settings is the one for programs, not the one for the browser.',
  );
}

/** Only the same host is followed, so that credentials never reach another; moving up to https is fine, down is not. */
function redirectTarget(from: URL, location: string, count: number): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (count > MAX_REDIRECTS || to?.href === from.href) {
    throw new ProviderFailure(
      'provider_contract_broken',
      `${from.host} redirects in a circle or more than ${MAX_REDIRECTS} times. Check the address in the settings.`,
    );
  }
  const upgraded = from.protocol === 'http:' && to?.protocol === 'https:';
  if (to === undefined || to.hostname !== from.hostname || !(upgraded || to.origin === from.origin)) {
    const target = to === undefined ? 'an address that cannot be read' : to.origin;
    throw new ProviderFailure(
      'provider_contract_broken',
      `${from.host} redirects to ${target}, which is not followed, so that the credentials stay with the host they ` +
        'were entered for. If that is the right address, put it into the settings and enter the credentials again.',
    );
  }
  to.username = '';
  to.password = '';
  return to;
}

function tooSlow(url: URL, timeoutMs: number): ProviderFailure {
  const seconds = Math.max(1, Math.round(timeoutMs / 1_000));
  return new ProviderFailure(
    'provider_unavailable',
    `${url.host} did not finish its answer within ${seconds} s. It is tried again later.`,
  );
}

async function waitFor(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await pause(milliseconds, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

/** Secrets as they are, as they stand in a URL, and as Base64. A copy is thrown, so that no cause travels along. */
function redactor(secrets: () => readonly string[]): (failure: ProviderFailure) => ProviderFailure {
  return (failure) => {
    let message = failure.message;
    for (const secret of secrets()) {
      // A shorter one stands in ordinary words by chance.
      if (secret.length < 4) continue;
      const forms = [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')];
      for (const form of forms) message = message.replaceAll(form, '[redacted]');
    }
    if (message === failure.message) return failure;
    return new ProviderFailure(failure.code, message, failure.retryAt);
  };
}
