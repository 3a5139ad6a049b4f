import { readdir, readFile } from 'node:fs/promises';
import { descriptions } from '../../activities/providers/descriptions.js';
import { installedProviders } from '../../activities/providers/installed.js';

describe('the providers that are installed', () => {
  it('are those that the API knows', () => {
    const ids = descriptions.map(({ id }) => id);
    expect(installedProviders.map(({ id }) => id)).toEqual(ids);
  });

  it('pass the contract suite, each in a file of its own', async () => {
    const folder = new URL('.', import.meta.url);
    const files = await readdir(folder);
    for (const { id } of installedProviders) {
      expect(files).toContain(`${id}.test.ts`);
      expect(await readFile(new URL(`${id}.test.ts`, folder), 'utf8')).toMatch(/^\s*describeProvider\(/m);
    }
  });
});
