import { createServer, request as ask } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request on its way to the server behind. */
export interface Asked {
  method: string;
  path: string;
  body: string;
}

/** What is done to a request instead of passing it on as it is. */
export type Harm =
  /** Half of the true answer, then the connection is reset. */
  | { kind: 'reset' }
  /** Half of the true answer under its full length, then the connection is closed. */
  | { kind: 'cut' }
  /** Half of the true answer, ended as if that were all. */
  | { kind: 'half' }
  /** Half of the true answer, then silence. */
  | { kind: 'stall' }
  /** An answer that never ends. */
  | { kind: 'flood' }
  /** Another answer. The server behind is not asked. */
  | { kind: 'instead'; status: number; headers?: Record<string, string>; body?: string }
  /** The true answer with another text. */
  | { kind: 'lie'; tell: (text: string) => string };

export interface Toxin {
  /** One after the other in a list; the last one goes on. */
  harm: Harm | (() => Harm) | (Harm | (() => Harm))[];
  /** Requests it strikes; each one when absent. */
  strikes?: (asked: Asked) => boolean;
  /** It strikes so often and is spent; until it is cured when absent. */
  times?: number;
  /** From its first strike on it strikes each request. */
  spreads?: true;
}

/** Between the worker and a true server: each place (the start of a path) can be made to misbehave on its own. */
export interface ToxicProxy {
  url: string;
  poison(place: string, toxin: Toxin): void;
  cure(place: string): void;
  /** How often the toxin of this place struck. */
  struck(place: string): number;
  /** Requests under this place so far. */
  asked(place: string): number;
  /** What the place wants as `authorization` from now on. The server behind is asked with its own. */
  lock(place: string, authorization: string): void;
  close(): Promise<void>;
}

interface Place {
  toxin: Toxin | null;
  struck: number;
  asked: number;
  authorization: string | null;
}

export async function startToxicProxy(target: string, authorization: string): Promise<ToxicProxy> {
  const places = new Map<string, Place>();
  const placeAt = (path: string): Place => {
    const known = places.get(path);
    if (known) return known;
    const fresh: Place = { toxin: null, struck: 0, asked: 0, authorization: null };
    places.set(path, fresh);
    return fresh;
  };
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    const place = [...places].find(([start]) => path.startsWith(start))?.[1];
    response.on('error', () => undefined);
    void textOf(request).then((body) => {
      const asked = { method: request.method ?? '', path, body };
      if (place) place.asked += 1;
      if (place?.authorization && request.headers.authorization !== place.authorization) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="books"' }).end();
        return;
      }
      const harm = place ? harmOf(place, asked) : null;
      if (harm?.kind === 'instead') {
        response.writeHead(harm.status, harm.headers ?? {}).end(harm.body ?? '');
      } else if (harm?.kind === 'flood') flood(response);
      else passOn(target, authorization, request, asked, response, harm);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    poison: (path, toxin) => void Object.assign(placeAt(path), { toxin, struck: 0 }),
    cure: (path) => void (placeAt(path).toxin = null),
    struck: (path) => placeAt(path).struck,
    asked: (path) => placeAt(path).asked,
    lock: (path, wanted) => void (placeAt(path).authorization = wanted),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function harmOf(place: Place, asked: Asked): Harm | null {
  const { toxin } = place;
  if (!toxin || place.struck >= (toxin.times ?? Infinity)) return null;
  const hasSpread = toxin.spreads === true && place.struck > 0;
  if (!hasSpread && toxin.strikes?.(asked) === false) return null;
  place.struck += 1;
  const harms = Array.isArray(toxin.harm) ? toxin.harm : [toxin.harm];
  const harm = harms[Math.min(place.struck, harms.length) - 1];
  return (typeof harm === 'function' ? harm() : harm) ?? null;
}

type TrueHarm = Exclude<Harm, { kind: 'instead' | 'flood' }>;

function passOn(
  target: string,
  authorization: string,
  request: IncomingMessage,
  asked: Asked,
  response: ServerResponse,
  harm: TrueHarm | null,
): void {
  // Unpacked answers only, so that half of one is half of its text.
  const { host: _host, 'accept-encoding': _packed, ...headers } = request.headers;
  const onward = ask(
    new URL(asked.path, target),
    { method: asked.method, headers: { ...headers, authorization } },
    (answer) => {
      void textOf(answer).then((text) => hand(answer, text, response, harm));
    },
  );
  onward.on('error', () => response.destroy());
  onward.end(asked.body);
}

function hand(answer: IncomingMessage, text: string, response: ServerResponse, harm: TrueHarm | null): void {
  const {
    'content-length': _length,
    'transfer-encoding': _coding,
    connection: _connection,
    ...headers
  } = answer.headers;
  const whole = Buffer.from(harm?.kind === 'lie' ? harm.tell(text) : text);
  const half = whole.subarray(0, whole.length >> 1);
  const named = harm?.kind === 'half' ? {} : { 'content-length': whole.length };
  response.writeHead(answer.statusCode ?? 502, { ...headers, ...named });
  switch (harm?.kind) {
    case undefined:
    case 'lie':
      response.end(whole);
      return;
    case 'half':
      response.end(half);
      return;
    case 'reset':
      response.write(half, () => response.socket?.resetAndDestroy());
      return;
    case 'cut':
      response.write(half, () => response.socket?.end());
      return;
    case 'stall':
      response.write(half);
  }
}

/** Spaces inside a multistatus: XML that is well-formed as far as it goes. */
function flood(response: ServerResponse): void {
  response.writeHead(207, { 'content-type': 'application/xml' });
  response.write('<d:multistatus xmlns:d="DAV:">');
  const more = Buffer.alloc(64 * 1024, ' ');
  const pour = (): void => {
    while (!response.destroyed && response.write(more));
  };
  response.on('drain', pour);
  pour();
}

async function textOf(stream: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) if (part instanceof Uint8Array) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString('utf8');
}
