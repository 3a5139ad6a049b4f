import { access, constants, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join, sep } from 'node:path';

/** Every executable file of this name on a PATH, in its order; folders that npm adds for packages are left out. */
export async function allOnPath(name: string, path: string | undefined): Promise<string[]> {
  const found: string[] = [];
  for (const folder of (path ?? '').split(delimiter)) {
    if (!isAbsolute(folder) || folder.includes(`${sep}node_modules${sep}`)) continue;
    const file = join(folder, name);
    if ((await isExecutable(file)) && !found.includes(file)) found.push(file);
  }
  return found;
}

export async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
