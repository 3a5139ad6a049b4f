import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigError, readConfig } from '../../api/config.js';

const SECRET_KEY = Buffer.alloc(32, 7).toString('base64');

const NEEDED = { MONGODB_URI: 'mongodb://127.0.0.1/sluice', SLUICE_SECRET_KEY: SECRET_KEY };

describe("the API's configuration", () => {
  it('has a default for everything but addresses and secrets', () => {
    const config = readConfig(NEEDED);
    expect(config).toMatchObject({
      PORT: 3000,
      HOST: '127.0.0.1',
      MAX_LIVE_RUNS: 50,
      MAX_UPLOAD_BYTES: 2 ** 31,
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('takes empty values for absent ones, and addresses without a slash at the end', () => {
    const config = readConfig({ ...NEEDED, PORT: '', PUBLIC_URL: 'https://sluice.test/' });
    expect(config).toMatchObject({ PORT: 3000, PUBLIC_URL: 'https://sluice.test' });
  });

  it('takes origins that people may be sent back to, and nothing else', () => {
    const read = (origins: string) => readConfig({ ...NEEDED, RETURN_ORIGINS: origins }).RETURN_ORIGINS;
    expect(read('https://crm.example.com, http://127.0.0.1:8080/')).toEqual([
      ...['https://crm.example.com', 'http://127.0.0.1:8080'],
    ]);
    expect(readConfig(NEEDED).RETURN_ORIGINS).toEqual([]);
    for (const wrong of ['crm.example.com', '*', 'https://crm.example.com/back', 'javascript:alert(1)'])
      expect(() => read(wrong)).toThrow('RETURN_ORIGINS');
  });

  it('reports every mistake at once, without a value', () => {
    const wrong = {
      PORT: 'canary',
      MONGODB_URI: 'canary',
      LOG_LEVEL: 'canary',
      SLUICE_SECRET_KEY_FILE: '/not/there',
    };
    const read = (): unknown => readConfig(wrong);
    expect(read).toThrow(ConfigError);
    for (const name of ['PORT', 'MONGODB_URI', 'LOG_LEVEL', 'SLUICE_SECRET_KEY_FILE'])
      expect(read).toThrow(name);
    expect(read).not.toThrow('canary');
  });

  it('refuses a secret key that cannot seal, together with everything else', () => {
    const read = (): unknown => readConfig({ ...NEEDED, SLUICE_SECRET_KEY: 'too-short', PORT: '-1' });
    expect(read).toThrow(/PORT.*SLUICE_SECRET_KEY|SLUICE_SECRET_KEY.*PORT/);
    expect(read).not.toThrow('too-short');
  });

  it('reads secrets from files', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'sluice-config-'));
    const file = path.join(folder, 'key');
    await writeFile(file, `${SECRET_KEY}\n`);
    const config = readConfig({ MONGODB_URI: NEEDED.MONGODB_URI, SLUICE_SECRET_KEY_FILE: file });
    await rm(folder, { recursive: true });
    expect(config.SLUICE_SECRET_KEY).toBe(SECRET_KEY);
  });
});
