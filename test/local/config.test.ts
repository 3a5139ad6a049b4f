import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readLocalConfig } from '../../local/config.js';
import { projectRoot } from '../../local/paths.js';
import { ownFolder } from './support/lab-folder.js';

describe('the settings of the local stack', () => {
  it('has an answer for everything when nothing is set', () => {
    const config = readLocalConfig({});
    expect(config.home).toBe(path.join(projectRoot(), '.sluice'));
    expect(config.enginesDir).toBe(path.join(projectRoot(), '.engines'));
    expect(config.ports).toEqual({ api: 3000, mongodb: 27017, temporal: 7233, temporalUi: 8233 });
    expect(config.mongodbUri).toBeUndefined();
    expect(config.temporalAddress).toBeUndefined();
  });

  it('takes an empty value for an absent one', () => {
    const config = readLocalConfig({ MONGODB_URI: '', TEMPORAL_ADDRESS: '', PORT: '' });
    expect(config.mongodbUri).toBeUndefined();
    expect(config.ports.api).toBe(3000);
  });

  it('puts what the caller says before the environment, and 0 is something said', () => {
    const config = readLocalConfig(
      { SLUICE_HOME: '/a', MONGODB_PORT: '5' },
      { home: '/b', ports: { mongodb: 0 } },
    );
    expect(config.home).toBe('/b');
    expect(config.ports.mongodb).toBe(0);
    expect(config.ports.api).toBe(3000);
  });

  it('names every mistake at once', () => {
    const read = () =>
      readLocalConfig({ PORT: '70000', MONGODB_PORT: 'x', MONGODB_URI: 'http://a', TEMPORAL_ADDRESS: 'a' });
    expect(read).toThrow(/PORT .*MONGODB_PORT .*MONGODB_URI .*TEMPORAL_ADDRESS .*Nothing was started/);
  });

  it('reads an address with a password from a file, and says when the file is not there', async () => {
    const { folder, remove } = await ownFolder();
    const file = path.join(folder, 'uri');
    await writeFile(file, 'mongodb://u:p@db/x\n');
    expect(readLocalConfig({ MONGODB_URI_FILE: file }).mongodbUri).toBe('mongodb://u:p@db/x');
    await remove();
    expect(() => readLocalConfig({ MONGODB_URI_FILE: file })).toThrow(/does not exist/);
  });
});
