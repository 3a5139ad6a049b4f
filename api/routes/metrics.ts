import { authenticate } from '../auth.js';
import { endpoint, type Endpoint } from '../endpoint.js';
import type { Metrics } from '../metrics.js';

/** A scraper on this machine needs no key; behind a proxy every request looks local, so a forwarded one does. */
export function metricsRoute(metrics: Metrics): Endpoint {
  return endpoint({
    method: 'get',
    path: '/metrics',
    tag: 'Health',
    summary: 'Prometheus metrics',
    description: 'With a key, or from loopback without one.',
    access: 'public',
    answers: { 200: { description: 'Prometheus text format', contentTypes: ['text/plain'] } },
    errors: ['unauthorized'],
    async handle({ deps, req }) {
      const local = isLoopback(req.socket.remoteAddress) && req.headers['x-forwarded-for'] === undefined;
      if (!local) await authenticate(deps, req, 'viewer');
      const { contentType, text } = await metrics.read();
      return { status: 200, body: text, headers: { 'Content-Type': contentType } };
    },
  });
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(127\.|::1$|::ffff:127\.)/.test(address);
}
