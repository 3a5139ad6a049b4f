import type { RequestListener } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { retryTime } from '../../activities/providers/http-failures.js';
import { serve, serveTls } from './local-server.js';
import type { LocalServer } from './local-server.js';
import { failureOf, get, testClient } from './http-client.js';
import { selfSigned } from '../support/self-signed.js';

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

describe('waiting', () => {
  it('happens inside for a short Retry-After, and the same is asked again', async () => {
    let asked = 0;
    const { url } = await server((_request, response) => {
      asked += 1;
      if (asked <= 2) response.writeHead(asked === 1 ? 429 : 503, { 'retry-after': '3' }).end();
      else response.end('at last');
    });
    const http = client({ now: () => 1_000 });
    expect((await http.request(get(url))).text).toBe('at last');
    expect(http.waits).toEqual([3_000, 3_000]);
  });

  it('longer than 20 s in all is left to the run, with the time', async () => {
    const { url } = await server((_request, response) =>
      response.writeHead(429, { 'retry-after': '15' }).end(),
    );
    const now = Date.parse('2026-05-01T10:00:00Z');
    const http = client({ now: () => now });
    const failure = await failureOf(http.request(get(url)));
    expect(failure.code).toBe('provider_rate_limited');
    expect(failure.retryAt?.toISOString()).toBe('2026-05-01T10:00:15.000Z');
    expect(http.waits).toEqual([15_000]);
  });

  it('repeats what reads when the connection breaks, a few times, and never a POST', async () => {
    let asked = 0;
    const { url } = await server((request) => {
      asked += 1;
      request.socket.destroy();
    });
    const read = await failureOf(client().request(get(url)));
    expect(read.code).toBe('provider_unavailable');
    expect(asked).toBe(4);
    asked = 0;
    await failureOf(client().request(get(url, { method: 'POST', body: '{}' })));
    expect(asked).toBe(1);
  });

  it('starts the reader afresh when an answer broke half way', async () => {
    let asked = 0;
    const { url } = await server((_request, response) => {
      asked += 1;
      response.writeHead(200, { 'content-length': '10' });
      if (asked > 1) response.end('0123456789');
      else response.write('01234', () => response.destroy());
    });
    let text = '';
    const reader = () => {
      text = '';
      return { write: (part: string) => void (text += part), close: () => undefined };
    };
    await client().request(get(url, { reader }));
    expect(text).toBe('0123456789');
  });

  it.each([
    ['retry-after', '120', '2026-05-01T10:02:00.000Z'],
    ['retry-after', 'Fri, 01 May 2026 10:05:00 GMT', '2026-05-01T10:05:00.000Z'],
    ['retry-after', 'Fri, 01 May 2026 09:00:00 GMT', '2026-05-01T10:00:00.000Z'],
    ['retry-after', '99999999', '2026-05-02T10:00:00.000Z'],
    ['retry-after', 'soon', undefined],
    ['x-ratelimit-reset', '1777629660', '2026-05-01T10:01:00.000Z'],
    ['x-ratelimit-reset', '1777629660000', '2026-05-01T10:01:00.000Z'],
    ['x-ratelimit-reset', '30', '2026-05-01T10:00:30.000Z'],
  ])('%s: %s means %s', (name, value, expected) => {
    const now = Date.parse('2026-05-01T10:00:00Z');
    expect(retryTime({ [name]: value }, now)?.toISOString()).toBe(expected);
  });
});

describe('statuses', () => {
  it.each([
    [400, 'provider_contract_broken'],
    [401, 'credentials_rejected'],
    [403, 'permission_missing'],
    [404, 'provider_object_gone'],
    [410, 'provider_object_gone'],
    [412, 'cursor_expired'],
    [500, 'provider_unavailable'],
    [503, 'provider_unavailable'],
  ])('%i is %s, without the body', async (status, code) => {
    const { url } = await server((_request, response) => response.writeHead(status).end('canary-body'));
    const failure = await failureOf(client().request(get(url)));
    expect(failure.code).toBe(code);
    expect(failure.message).not.toContain('canary-body');
  });

  it('403 with an empty allowance is a rate limit', async () => {
    const { url } = await server((_request, response) =>
      response.writeHead(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '3600' }).end(),
    );
    const failure = await failureOf(client({ now: () => 0 }).request(get(url)));
    expect(failure.code).toBe('provider_rate_limited');
    expect(failure.retryAt?.getTime()).toBe(3_600_000);
  });

  it('that the caller judges come with their text', async () => {
    const { url } = await server((_request, response) => response.writeHead(403).end('<why/>'));
    const answer = await client().request(get(url, { accept: [403] }));
    expect([answer.status, answer.text]).toEqual([403, '<why/>']);
  });
});

describe('secrets and certificates', () => {
  it('keeps secrets out of every message, in any form', async () => {
    const secret = 's3cret/pass+word';
    const { url } = await server((_request, response) =>
      response
        .writeHead(302, {
          location: `https://${Buffer.from(secret).toString('hex')}.x/${encodeURIComponent(secret)}`,
        })
        .end(),
    );
    const http = client({ secrets: () => [Buffer.from(secret).toString('hex'), secret] });
    const failure = await failureOf(http.request(get(url)));
    expect(failure.message).toContain('[redacted]');
    expect(JSON.stringify([failure.message, failure.stack])).not.toContain(
      Buffer.from(secret).toString('hex'),
    );
  });

  it('refuses a self-signed certificate and says what to do', async () => {
    const { key, cert } = await selfSigned();
    let reached = 0;
    const started = await serveTls({ key, cert }, (_request, response) => {
      reached += 1;
      response.end();
    });
    open.push(started);
    const failure = await failureOf(client().request(get(started.url)));
    expect(failure.code).toBe('certificate_invalid');
    expect(failure.message).toMatch(/self-signed.*NODE_EXTRA_CA_CERTS/s);
    expect(reached).toBe(0);
  });

  it('tells a port that speaks no TLS, and one that speaks no HTTP', async () => {
    const plain = await server((_request, response) => response.end());
    const noTls = await failureOf(client().request(get(plain.url.replace('http:', 'https:'))));
    expect(noTls.message).toContain('does not speak TLS');
    expect(noTls.code).toBe('provider_contract_broken');
    const ssh = createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'));
    await new Promise<void>((resolve) => ssh.listen(0, '127.0.0.1', resolve));
    const { port } = ssh.address() as AddressInfo;
    const noHttp = await failureOf(client().request(get(`http://127.0.0.1:${port}/`)));
    ssh.close();
    expect(noHttp.message).toContain('no web server');
  });
});
