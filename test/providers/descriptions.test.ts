import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import { descriptions } from '../../activities/providers/descriptions.js';
import { carddav } from '../../activities/providers/carddav/describe.js';
import type { Provider } from '../../activities/providers/provider.js';
import { createRegistry } from '../../activities/providers/registry.js';

describe('descriptions', () => {
  it('bring no module that could do I/O', async () => {
    const script = `
      import module from 'node:module';
      const { descriptions } = await import('./activities/providers/descriptions.ts');
      if (descriptions.length === 0) throw new Error('none');
      const loaded = process.moduleLoadList.filter((name) => /NativeModule (http|https|http2|tls|dns|child_process)$/.test(name));
      process.stdout.write(JSON.stringify(loaded));`;
    // The loader that runs TypeScript has modules of its own open: what it had before is not counted.
    const run = (code: string) =>
      promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code]);
    const [bare, loaded] = await Promise.all([
      run(script.replace("await import('./activities/providers/descriptions.ts')", '{ descriptions: [1] }')),
      run(script),
    ]);
    expect(JSON.parse(loaded.stdout)).toEqual(JSON.parse(bare.stdout));
  });

  it('can be shown as JSON Schema, with secrets marked', () => {
    for (const { settings, credentials } of descriptions) {
      expect(z.toJSONSchema(settings, { io: 'input' })).toMatchObject({
        type: 'object',
        additionalProperties: false,
      });
      z.toJSONSchema(credentials, { io: 'input' });
    }
    expect(z.toJSONSchema(carddav.credentials, { io: 'input' })).toMatchObject({
      properties: { password: { writeOnly: true } },
      required: ['username', 'password'],
    });
  });

  it.each([
    ['https://dav.example.com', true],
    ['dav.example.com', true],
    ['localhost:5232', true],
    ['http://127.0.0.1:5232/ann/book/', true],
    ['ftp://dav.example.com', false],
    ['https://ann:secret@dav.example.com', false],
    ['not an address', false],
    ['', false],
  ])('an address book at %j may be configured: %s', (url, allowed) => {
    expect(carddav.settings.safeParse({ url }).success).toBe(allowed);
  });

  it.each([
    [{ username: 'ann', password: 'x' }, true],
    [{ username: 'ann:x', password: 'x' }, false],
    [{ username: 'ann', password: 'x\r\nEvil: 1' }, false],
    [{ username: 'ann' }, false],
    [{ username: 'ann', password: 'x', token: 'y' }, false],
  ])('credentials %j are accepted: %s', (credentials, allowed) => {
    expect(carddav.credentials.safeParse(credentials).success).toBe(allowed);
  });
});

describe('the registry', () => {
  const provider: Provider = { ...carddav, open: () => Promise.reject(new Error('not here')) };

  it('finds by id, in the order given', () => {
    const registry = createRegistry([provider, { ...provider, id: 'other' }]);
    expect(registry.get('carddav')).toBe(provider);
    expect(registry.get('toString')).toBeUndefined();
    expect(registry.all().map(({ id }) => id)).toEqual(['carddav', 'other']);
  });

  it('refuses two of one name', () => {
    expect(() => createRegistry([provider, provider])).toThrow('carddav');
  });
});
