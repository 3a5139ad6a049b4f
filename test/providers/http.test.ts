import type { RequestListener } from 'node:http';
import type { LookupFunction } from 'node:net';
import { gzipSync } from 'node:zlib';
import { guardedLookup } from '../../activities/providers/http-network.js';
import { serve } from './local-server.js';
import type { LocalServer } from './local-server.js';
import { failureOf, get, testClient } from './http-client.js';

const open: { close(): Promise<void> }[] = [];
afterEach(() => Promise.all(open.splice(0).map((each) => each.close())));

function client(...args: Parameters<typeof testClient>): ReturnType<typeof testClient> {
  const http = testClient(...args);
  open.push(http);
  return http;
}

async function server(listener: RequestListener): Promise<LocalServer> {
  const started = await serve(listener);
  open.push(started);
  return started;
}

describe('an answer', () => {
  it('comes with its text, decompressed, and is counted', async () => {
    const text = 'Grüße '.repeat(500);
    const { url } = await server((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'text/plain; charset=utf-8' });
      response.end(gzipSync(text));
    });
    const http = client();
    expect((await http.request(get(url))).text).toBe(text);
    expect(http.traffic).toEqual([{ bytes: Buffer.byteLength(text), status: 200 }]);
  });

  it('is read in the character set that it names', async () => {
    const { url } = await server((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain; charset=iso-8859-1' });
      response.end(Buffer.from('Müller', 'latin1'));
    });
    expect((await client().request(get(url))).text).toBe('Müller');
  });

  it('is stopped at the limit, also when only the unpacked text passes it', async () => {
    const { url } = await server((request, response) => {
      if (request.url === '/packed') response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(request.url === '/packed' ? gzipSync(Buffer.alloc(5_000_000)) : Buffer.alloc(5_000_000));
    });
    for (const path of ['/plain', '/packed']) {
      const failure = await failureOf(client({}, { bytes: 10_000 }).request(get(url + path)));
      expect(failure.code).toBe('provider_contract_broken');
      expect(failure.message).toContain('larger than 10000 bytes');
    }
  });

  it.each(['xml', 'json'] as const)(
    'that is a web page where %s was expected is refused without its text',
    async (expect_) => {
      const { url } = await server((_request, response) => {
        response.writeHead(200, { 'content-type': 'application/xml' });
        response.end('<!DOCTYPE html><html>canary-page</html>');
      });
      const failure = await failureOf(client().request(get(url, { expect: expect_ })));
      expect(failure.code).toBe('provider_contract_broken');
      expect(failure.message).toContain('web page');
      expect(failure.message).not.toContain('canary-page');
    },
  );
});

describe('redirects', () => {
  it('are followed within the host, with method, body and headers', async () => {
    const { url } = await server((request, response) => {
      if (request.url === '/old') response.writeHead(301, { location: '/new' }).end();
      else
        response.end(
          `${String(request.method)} ${String(request.url)} ${String(request.headers.authorization)}`,
        );
    });
    const answer = await client().request(
      get(`${url}/old`, { method: 'PROPFIND', headers: { authorization: 'Basic eDp5' } }),
    );
    expect(answer.text).toBe('PROPFIND /new Basic eDp5');
    expect(answer.url.pathname).toBe('/new');
  });

  it('in a circle end with a precise failure', async () => {
    let asked = 0;
    const { url } = await server((request, response) => {
      asked += 1;
      response.writeHead(302, { location: request.url === '/a' ? '/b' : '/a' }).end();
    });
    const failure = await failureOf(client().request(get(`${url}/a`)));
    expect(failure.code).toBe('provider_contract_broken');
    expect(failure.message).toContain('redirects in a circle');
    expect(asked).toBeLessThan(10);
  });

  it('to another host or port are not followed, so that no credentials get there', async () => {
    let reached = 0;
    const other = await server((_request, response) => {
      reached += 1;
      response.end('reached');
    });
    for (const target of [`http://localhost:${other.port}/x`, `${other.url}/x`]) {
      const { url } = await server((_request, response) =>
        response.writeHead(302, { location: target }).end(),
      );
      const failure = await failureOf(
        client().request(get(url, { headers: { authorization: 'Basic eDp5' } })),
      );
      expect(failure.code).toBe('provider_contract_broken');
      expect(failure.message).toContain(new URL(target).origin);
    }
    expect(reached).toBe(0);
  });
});

describe('addresses', () => {
  it('that are private are refused before anything is sent, whether as a number or by name', async () => {
    let reached = 0;
    const { port } = await server((_request, response) => {
      reached += 1;
      response.end();
    });
    const http = client({
      network: { allowPrivate: false, requestTimeoutMs: 2_000, maxResponseBytes: 1_000 },
    });
    for (const host of [
      '127.0.0.1',
      'localhost',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '0.0.0.0',
      '2130706433',
      '0x7f.1',
    ]) {
      const failure = await failureOf(http.request(get(`http://${host}:${port}/`)));
      expect(failure.code).toBe('address_not_allowed');
    }
    expect(reached).toBe(0);
  });

  it('are checked as the socket gets them, so that a name that changes its mind gains nothing', async () => {
    let reached = 0;
    const { port } = await server((_request, response) => {
      reached += 1;
      response.end('inside');
    });
    // Public at first, private from then on: what a check before connecting would fall for.
    let asked = 0;
    const rebinding: LookupFunction = (_hostname, _options, callback) => {
      asked += 1;
      callback(null, [{ address: asked === 1 ? '93.184.216.34' : '127.0.0.1', family: 4 }]);
    };
    const network = { allowPrivate: false, requestTimeoutMs: 2_000, maxResponseBytes: 1_000 };
    const lookup = guardedLookup(network, rebinding);
    const given = await new Promise((resolve) =>
      lookup('rebind.example', { all: true }, (error, addresses) => resolve(error ?? addresses)),
    );
    expect(given).toEqual([{ address: '93.184.216.34', family: 4 }]);
    const http = client({ network, lookup: rebinding });
    const failure = await failureOf(http.request(get(`http://rebind.example:${port}/`)));
    expect(failure.code).toBe('address_not_allowed');
    expect([asked, reached]).toEqual([2, 0]);
  });

  it('of a name with public and private ones: only the allowed are tried', async () => {
    const { port } = await server((_request, response) => response.end('inside'));
    const mixed: LookupFunction = (_hostname, _options, callback) =>
      callback(null, [
        { address: '169.254.169.254', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ]);
    const answer = await client({ lookup: mixed }).request(get(`http://mixed.example:${port}/`));
    expect(answer.text).toBe('inside');
  });

  it('that do not answer, or do not exist, are said to in plain words', async () => {
    const gone = await serve((_request, response) => response.end());
    await gone.close();
    const refused = await failureOf(client().request(get(gone.url)));
    expect(refused.code).toBe('provider_unavailable');
    expect(refused.message).toContain('nothing listens there');
    const nowhere: LookupFunction = (_name, _options, callback) =>
      callback(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }), []);
    const unknown = await failureOf(client({ lookup: nowhere }).request(get('http://nowhere.example/')));
    expect(unknown.code).toBe('provider_unavailable');
    expect(unknown.message).toContain('name is not known');
  });
});

describe('time', () => {
  it('limits headers and body together', async () => {
    const { url } = await server((request, response) => {
      if (request.url === '/silent') return;
      response.writeHead(200);
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    });
    for (const path of ['/silent', '/drip']) {
      const failure = await failureOf(client({}, { ms: 150 }).request(get(url + path)));
      expect(failure.code).toBe('provider_unavailable');
      expect(failure.message).toContain('did not finish its answer');
    }
  });

  it('ends at once with the reason of the caller', async () => {
    const { url } = await server((_request, response) => void response.writeHead(200).write('x'));
    const caller = new AbortController();
    const why = new Error('the run was cancelled');
    const asked = client().request(
      get(url, {
        signal: caller.signal,
        reader: () => ({ write: () => caller.abort(why), close: () => undefined }),
      }),
    );
    await expect(asked).rejects.toBe(why);
  });
});
