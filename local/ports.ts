import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { SetupError } from './errors.js';

const LOOPBACK = '127.0.0.1';
// Below the range from which systems take ports for outgoing connections: while an engine is being
// restarted, no client's own socket can sit on its port.
const FREE_RANGE = { from: 20_000, to: 29_999 };

/** True when something accepts connections on this port of this machine. */
export function answers(port: number, host = LOOPBACK): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    const end = (yes: boolean): void => {
      socket.destroy();
      resolve(yes);
    };
    socket.setTimeout(1_000, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Both questions are needed: some systems let two listeners share a port when one names an address and the other none. */
export async function isFree(port: number, host = LOOPBACK): Promise<boolean> {
  return (await canListen(port, host)) && !(await answers(port, LOOPBACK));
}

/** `count` different ports that nobody listens on now. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let tries = 0; found.size < count; tries++) {
    if (tries > 1_000)
      throw new SetupError('No free port was found between 20000 and 29999 on this machine.');
    const port = randomInt(FREE_RANGE.from, FREE_RANGE.to + 1);
    if (!found.has(port) && (await isFree(port))) found.add(port);
  }
  return [...found];
}

/**
 * The port to use: the wanted one, or a free one for 0.
 * @throws SetupError when the wanted one is taken; it names the variable to change.
 */
export async function claimPort(wanted: { port: number; variable: string; host?: string }): Promise<number> {
  if (wanted.port === 0) {
    const [port = 0] = await freePorts(1);
    return port;
  }
  if (await isFree(wanted.port, wanted.host)) return wanted.port;
  throw new SetupError(
    `Port ${wanted.port} is taken by another process. End that process, or set ${wanted.variable} to another port ` +
      `(${wanted.variable}=0 picks a free one).`,
  );
}
