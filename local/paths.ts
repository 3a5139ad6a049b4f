import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with `package.json`, found upwards, so that it is the same from `local/` and from `dist/local/`. */
export function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('package.json of Sluice was not found above local/');
    folder = parent;
  }
  return folder;
}

/** A file of the build, by its path under `dist/`. */
export function built(...parts: string[]): string {
  return join(projectRoot(), 'dist', ...parts);
}
