import { createServer } from 'node:net';
import { claimPort, freePorts, isFree } from '../../local/ports.js';

async function takenPort(): Promise<{ port: number; release: () => void }> {
  const server = createServer();
  const [port = 0] = await freePorts(1);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { port, release: () => server.close() };
}

describe('ports', () => {
  it('says which variable to change when the port is taken', async () => {
    const { port, release } = await takenPort();
    await expect(claimPort({ port, variable: 'MONGODB_PORT' })).rejects.toThrow(
      `Port ${port} is taken by another process. End that process, or set MONGODB_PORT to another port (MONGODB_PORT=0 picks a free one).`,
    );
    expect(await isFree(port)).toBe(false);
    release();
  });

  it('keeps a wanted port that is free', async () => {
    const [port = 0] = await freePorts(1);
    expect(await claimPort({ port, variable: 'PORT' })).toBe(port);
  });

  it('picks ports that no client of this machine gets for its own end of a connection', async () => {
    const ports = await freePorts(5);
    expect(new Set(ports).size).toBe(5);
    for (const port of ports) expect(port).toBeLessThan(32_768);
  });
});
