import { once } from 'node:events';
import { Server } from 'node:net';
import { createEmulator } from 'emulate';

// It listens on every interface by itself; a lab is nobody's but this machine's.
const { listen } = Server.prototype;
const open = [];
Server.prototype.listen = function listenHere(...args) {
  const [first] = args;
  const port = typeof first === 'object' && first !== null ? first.port : first;
  const done = args.find((each) => typeof each === 'function');
  open.push(once(this, 'listening'));
  return listen.call(this, { port, host: '127.0.0.1' }, done);
};

process.on('disconnect', () => process.exit(0));
process.once('message', async ({ port, seed }) => {
  const baseUrl = `http://127.0.0.1:${port}`;
  await createEmulator({ service: 'linear', port, baseUrl, seed: { linear: seed } });
  await Promise.all(open);
  process.send?.({ ready: true });
});
