import type { AnswerReader, Http } from './http.js';
import { AnswerCutOff, header, retryTime, type Headers } from './http-failures.js';
import { isJsonObject, parseLossless } from './formats/json-text.js';
import { ProviderFailure } from './provider.js';
import type { JsonObject } from '../records/paths.js';
import type { Json } from '../records/types.js';

/** One entry of an answer's `errors`. Its message may quote what was asked, so it is never shown. */
export interface GraphqlError {
  message: string;
  /** `extensions.code` and `extensions.type`, in capitals; empty where none is given. */
  code: string;
}

/** The server understood nothing, or not all, of what was asked: the provider judges. Nothing of the data is used. */
export class GraphqlRefused extends Error {
  readonly errors: readonly GraphqlError[];
  constructor(errors: readonly GraphqlError[]) {
    super('The server answered with GraphQL errors.');
    this.errors = errors;
  }
}

/** 401: the credentials of this request. */
export class GraphqlUnauthorized extends Error {}

export interface GraphqlAnswer {
  data: JsonObject;
  /** The server's clock (`Date`), null where it tells none. */
  at: Date | null;
}

export interface GraphqlRequest {
  url: URL;
  headers: Record<string, string>;
  query: string;
  variables: Record<string, Json>;
  signal: AbortSignal;
}

/**
 * One GraphQL query over HTTP POST; it only reads, so that a broken connection may be tried again. An answer with `errors` is a
 * failure whatever its status, for servers answer 200 as well as 400 then.
 * @throws GraphqlUnauthorized, GraphqlRefused, ProviderFailure (limits, anything that is no answer of this protocol)
 */
export async function askGraphql(
  http: Http,
  { url, headers, query, variables, signal }: GraphqlRequest,
): Promise<GraphqlAnswer> {
  let whole: Parsed | undefined;
  const answer = await http.request({
    ...{ method: 'POST', url, signal, safe: true, expect: 'json', accept: [400, 401] },
    reader: () => wholeJson(url, (parsed) => (whole = parsed)),
    headers: { ...headers, 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  if (answer.status === 401) throw new GraphqlUnauthorized('401');
  const parsed = whole ?? parseLossless(answer.text);
  const body = parsed.ok && isJsonObject(parsed.value) ? parsed.value : null;
  const errors = errorsOf(body?.['errors']);
  if (errors.length > 0) {
    if (errors.some(({ code }) => /RATE_?LIMIT/.test(code))) throw limited(url, answer.headers);
    if (errors.some(({ code }) => code.includes('AUTHENTICATION'))) throw new GraphqlUnauthorized('refused');
    throw new GraphqlRefused(errors);
  }
  const data = body?.['data'];
  if (answer.status !== 200 || !isJsonObject(data)) throw notGraphql(url);
  return { data, at: dateOf(answer.headers) };
}

type Parsed = ReturnType<typeof parseLossless>;

/** JSON that stops in its middle is asked for again; what never was any is judged by the caller. */
function wholeJson(url: URL, take: (parsed: Parsed) => void): AnswerReader {
  let text = '';
  return {
    write: (part) => {
      text += part;
    },
    close: () => {
      const parsed = parseLossless(text);
      if (!parsed.ok && /^\s*\{/.test(text) && !parsed.message.startsWith('is nested')) {
        throw new AnswerCutOff(url.host);
      }
      take(parsed);
    },
  };
}

function errorsOf(errors: Json | undefined): GraphqlError[] {
  if (!Array.isArray(errors)) return [];
  return errors.map((error) => {
    const { message, extensions } = isJsonObject(error) ? error : {};
    const { code, type } = isJsonObject(extensions) ? extensions : {};
    const words = [code, type].filter((word) => typeof word === 'string');
    return {
      message: typeof message === 'string' ? message : '',
      code: words.join(' ').toUpperCase().replaceAll(' ', '_'),
    };
  });
}

/** Milliseconds since 1970, of whichever budget is used up; the later one where both are. */
function limited(url: URL, headers: Headers): ProviderFailure {
  const resets = ['requests', 'complexity'].flatMap((budget) => {
    const left = header(headers, `x-ratelimit-${budget}-remaining`);
    const reset = header(headers, `x-ratelimit-${budget}-reset`);
    return reset === undefined || Number(left ?? 0) > 0 ? [] : [reset];
  });
  const latest = resets.sort((a, b) => Number(b) - Number(a))[0];
  const told = latest === undefined ? headers : { ...headers, 'x-ratelimit-reset': latest };
  return new ProviderFailure(
    'provider_rate_limited',
    `${url.host} asks for fewer requests. Reading goes on after a pause.`,
    retryTime(told, Date.now()),
  );
}

function notGraphql(url: URL): ProviderFailure {
  return new ProviderFailure(
    'provider_contract_broken',
    `${url.host} answered in a shape that is no GraphQL. What was read so far is kept. Check the address in the settings.`,
  );
}

function dateOf(headers: Headers): Date | null {
  const at = Date.parse(header(headers, 'date') ?? '');
  return Number.isNaN(at) ? null : new Date(at);
}
