import { escapeHtml } from './html.js';
import type { Reply } from './reply.js';

/** A small page without scripts or anything from elsewhere, for somebody who comes back from a provider. */
export function callbackPage(
  status: number,
  title: string,
  paragraphs: readonly string[],
  headers: Readonly<Record<string, string>> = {},
): Reply {
  const body = paragraphs.map((text) => `<p>${escapeHtml(text)}</p>`).join('\n');
  return {
    status,
    body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)} - Sluice</title><style>${STYLE}</style></head><body><main><h1>${escapeHtml(title)}</h1>
${body}</main></body></html>`,
    headers: {
      ...headers,
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy':
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    },
  };
}

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;color:#1c1e21}main{max-width:34rem;margin:15vh auto;padding:0 1.5rem}h1{font-size:1.3rem}';
