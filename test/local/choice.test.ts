import path from 'node:path';
import type { Installer } from '../../local/install.js';
import { chooseMongo, localMongo } from '../../local/mongodb.js';
import { PackageGone } from '../../local/packages.js';
import type { PackageName } from '../../local/packages.js';
import { chooseTemporal } from '../../local/temporal.js';
import { fakeProgram, ownFolder } from './support/lab-folder.js';

describe('which program is the engine', () => {
  let folder: string;
  let remove: () => Promise<void>;
  let said: string[];
  let asked: PackageName[];
  beforeEach(async () => {
    ({ folder, remove } = await ownFolder());
    said = [];
    asked = [];
  });
  afterEach(() => remove());

  const deps = (gone: PackageName[] = []) => {
    const installer: Installer = {
      async ensure(name) {
        asked.push(name);
        if (gone.includes(name)) throw new PackageGone(`${name} is not offered for this machine`);
        return `/wheel/${name}`;
      },
    };
    return { env: { PATH: path.join(folder, 'bin') }, installer, say: (line: string) => said.push(line) };
  };

  it('takes a mongod of the PATH before any wheel', async () => {
    const bin = await fakeProgram(folder, 'mongod', 'echo "db version v8.0.4"');
    expect(await chooseMongo(deps())).toEqual({ kind: 'mongod', command: path.join(bin, 'mongod') });
    expect(asked).toEqual([]);
  });

  it('makes that mongod a replica set that only this machine reaches', async () => {
    await fakeProgram(folder, 'mongod', 'echo "db version v7.0.1"');
    const engine = await localMongo({ ...deps(), home: folder, port: 27000 });
    expect(engine.process?.args.join(' ')).toMatch(/--port 27000 --bind_ip 127\.0\.0\.1 --replSet sluice/);
    expect(engine.process?.cwd).toBe(path.join(folder, 'mongodb', 'mongod'));
  });

  it('says that a mongod is too old', async () => {
    await fakeProgram(folder, 'mongod', 'echo "db version v4.4.1"');
    expect((await chooseMongo(deps())).kind).toBe('trial');
    expect(said).toEqual([expect.stringMatching(/mongod is older than MongoDB 7; the trial store is used/)]);
  });

  it('never runs the trial store in its mode that can lose acknowledged writes', async () => {
    const engine = await localMongo({ ...deps(), home: folder, port: 27000 });
    expect(engine.process?.args).toContain('--sync-on-commit');
    const slower = await localMongo({ ...deps(['mongodb']), home: folder, port: 27000 });
    expect(slower.process?.args).toContain('--sync-on-commit');
  });

  it('falls back with one line when the pinned trial store is no longer offered, and says where earlier records are', async () => {
    await localMongo({ ...deps(), home: folder, port: 27000 });
    const engine = await localMongo({ ...deps(['mongodb']), home: folder, port: 27000 });
    expect(engine.process?.command).toBe('/wheel/mongodb-fallback');
    expect(said).toEqual([
      'The pinned trial store is no longer offered; its newer, slower server is used instead.',
      `The store starts empty: earlier records are in ${path.join(folder, 'mongodb', 'trial')}, which only its own server reads.`,
    ]);
  });

  it('says what to do where neither is offered', async () => {
    await expect(chooseMongo(deps(['mongodb', 'mongodb-fallback']))).rejects.toMatchObject({
      name: 'SetupError',
    });
  });

  it('takes a recent temporal of the PATH, and passes over an old one with a line', async () => {
    const bin = await fakeProgram(
      folder,
      'temporal',
      'echo "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)"',
    );
    expect(await chooseTemporal(deps())).toBe(path.join(bin, 'temporal'));
    await fakeProgram(folder, 'temporal', 'echo "temporal version 0.13.2 (server 1.24.1)"');
    expect(await chooseTemporal(deps())).toBe('/wheel/temporal');
    expect(said).toEqual([expect.stringMatching(/older than 1\.3/)]);
  });
});
