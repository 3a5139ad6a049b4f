import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface LocalServer {
  /** `http://127.0.0.1:port`, no slash at the end. */
  url: string;
  port: number;
  close(): Promise<void>;
}

/** A web server on a free port of 127.0.0.1. */
export function serve(listener: RequestListener): Promise<LocalServer> {
  return listen(createServer(listener), 'http');
}

export function serveTls(
  tls: { key: string; cert: string },
  listener: RequestListener,
): Promise<LocalServer> {
  return listen(createTlsServer(tls, listener), 'https');
}

async function listen(server: Server, protocol: string): Promise<LocalServer> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${protocol}://127.0.0.1:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
