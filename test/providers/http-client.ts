import { createHttp } from '../../activities/providers/http.js';
import type { Http, HttpOptions, HttpRequest } from '../../activities/providers/http.js';
import { ProviderFailure } from '../../activities/providers/provider.js';

/** A client for tests: loopback allowed, waits are recorded instead of waited. */
export function testClient(
  options: Partial<HttpOptions> = {},
  limits: { bytes?: number; ms?: number } = {},
): Http & { traffic: { bytes: number; status: number }[]; waits: number[] } {
  const traffic: { bytes: number; status: number }[] = [];
  const waits: number[] = [];
  const http = createHttp({
    network: {
      allowPrivate: true,
      requestTimeoutMs: limits.ms ?? 5_000,
      maxResponseBytes: limits.bytes ?? 100_000,
    },
    onRequest: ({ bytes, status }) => void traffic.push({ bytes, status }),
    wait: async (milliseconds, signal) => {
      signal.throwIfAborted();
      waits.push(milliseconds);
    },
    ...options,
  });
  return { ...http, traffic, waits };
}

export function get(url: string, more: Partial<HttpRequest> = {}): HttpRequest {
  return { method: 'GET', url: new URL(url), signal: new AbortController().signal, ...more };
}

/** What it fails with, which must be a `ProviderFailure` without a cause. */
export async function failureOf(work: Promise<unknown>): Promise<ProviderFailure> {
  const thrown: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof ProviderFailure)) throw new Error(`not a ProviderFailure: ${String(thrown)}`);
  expect(thrown.cause).toBeUndefined();
  return thrown;
}
