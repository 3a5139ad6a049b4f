import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { connectMongo } from '../../activities/store/mongo/connect.js';
import { projectRoot } from '../../local/paths.js';
import { testUri } from '../store/open.js';

const database = `worker-${randomUUID().slice(0, 8)}`;

afterAll(async () => {
  const client = connectMongo(testUri());
  await client.db(database).dropDatabase();
  await client.close();
});

it('a worker that is told to stop ends by itself, with exit code 0 and no stack trace', async () => {
  const uri = new URL(testUri());
  uri.pathname = `/${database}`;
  const worker = spawn(process.execPath, ['--import', 'tsx', 'worker/main.ts'], {
    cwd: projectRoot(),
    env: {
      PATH: process.env['PATH'],
      MONGODB_URI: uri.href,
      TEMPORAL_ADDRESS: process.env['TEST_TEMPORAL_ADDRESS'],
      TEMPORAL_TASK_QUEUE: database,
      SLUICE_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
    },
  });
  const lines: string[] = [];
  let errors = '';
  worker.stderr.on('data', (chunk) => (errors += String(chunk)));
  const ended = once(worker, 'exit');
  for await (const line of createInterface({ input: worker.stdout })) {
    lines.push(line);
    if (line.includes('the worker is ready')) worker.kill('SIGTERM');
  }
  const [code] = await ended;
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  expect(lines.at(-1)).toContain('the worker has stopped');
  expect(lines.join('\n')).not.toMatch(/ at .*:\d+:\d+/);
}, 60_000);
