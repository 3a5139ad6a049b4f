import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

const SCRIPT = path.resolve(import.meta.dirname, '../../scripts/healthcheck.mjs');

function healthcheck(process_: string, environment: Record<string, string>): Promise<number> {
  return new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT, process_], { env: { ...process.env, ...environment } }, (error) => {
      resolve(error === null ? 0 : Number(error.code));
    });
  });
}

/** The exit code for an API whose every answer has this status. */
async function codeFor(status: number): Promise<number> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const code = await healthcheck('api', { PORT: String((server.address() as AddressInfo).port) });
    expect(asked).toEqual(['/healthz']);
    return code;
  } finally {
    server.close();
  }
}

describe('the health check', () => {
  it('is content with an API that answers', async () => {
    expect(await codeFor(200)).toBe(0);
  });

  it('is not with one that says it is unwell', async () => {
    expect(await codeFor(503)).toBe(1);
  });

  it('is not with one that is not there', async () => {
    expect(await healthcheck('api', { PORT: '1' })).toBe(1);
  });

  it('is not with a worker whose Temporal is not there', async () => {
    expect(await healthcheck('worker', { TEMPORAL_ADDRESS: '127.0.0.1:1' })).toBe(1);
  });

  it('wants to know which process', async () => {
    expect(await healthcheck('neither', {})).toBe(2);
  });
});
