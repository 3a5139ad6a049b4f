import { configSchema as apiSchema } from '../../api/config.js';
import { configSchema as localSchema } from '../../local/config.js';
import { configSchema as workerSchema } from '../../worker/config.js';
import { environmentReads, listedVariables, read, sourceFiles } from './environment-reads.js';

const MAY_READ = /^(worker\/config\.ts$|api\/config\.ts$|local\/|test\/|scripts\/)/;
/** Variables of the system and its shells, which nobody sets for Sluice. */
const NOT_OURS = new Set([
  'PATH',
  'HOME',
  'CI',
  'NO_COLOR',
  'NODE_OPTIONS',
  'NODE_ENV',
  'TMPDIR',
  'npm_execpath',
]);

describe('the environment', () => {
  it.each([
    ["process.env['PORT']", true],
    ['process.env.PORT', true],
    ["process['env']", true],
    ['globalThis.process.env.PORT', true],
    ['const { env } = process', true],
    ['const { env: variables } = process', true],
    ["import { env } from 'node:process'", true],
    ["import process from 'process'", true],
    ['process.pid', false],
    ['// process.env', false],
    ["const sentence = 'process.env'", false],
  ])('is seen to be read by: %s → %s', (source, expected) => {
    expect(environmentReads(source).any).toBe(expected);
  });

  it('is read only where configuration is', async () => {
    const files = await sourceFiles();
    const offenders: string[] = [];
    for (const file of files)
      if (!MAY_READ.test(file) && environmentReads(await read(file)).any) offenders.push(file);

    expect(files).toContain('worker/config.ts');
    expect(offenders).toEqual([]);
  });
});

describe('.env.example', () => {
  it.each([
    ['worker/config.ts', workerSchema],
    ['api/config.ts', apiSchema],
    ['local/config.ts', localSchema],
  ])('lists every variable that %s knows', async (_file, schema) => {
    const known = Object.keys(schema.shape);
    const listed = listedVariables(await read('.env.example'));

    expect(known).not.toEqual([]);
    expect(known.filter((name) => !listed.includes(name))).toEqual([]);
  });

  it('lists every variable that the local stack and the scripts name', async () => {
    const listed = new Set(listedVariables(await read('.env.example')));
    const missing: string[] = [];
    for (const file of await sourceFiles()) {
      if (!/^(local|scripts)\//.test(file)) continue;
      for (const name of environmentReads(await read(file)).names)
        if (!listed.has(name) && !NOT_OURS.has(name)) missing.push(`${name} (${file})`);
    }

    expect(missing).toEqual([]);
  });

  it('lists no variable twice, and gives no secret a value', async () => {
    const example = await read('.env.example');
    const listed = listedVariables(example);

    expect(listed).toEqual([...new Set(listed)]);
    expect(example).not.toMatch(/^[^#\n]*(KEY|PASSWORD|SECRET)[A-Z_]*=.+$/m);
  });
});
