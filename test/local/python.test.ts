import { findPython } from '../../local/python.js';
import { fakeProgram, ownFolder } from './support/lab-folder.js';

describe('finding Python', () => {
  let folder: string;
  let remove: () => Promise<void>;
  beforeEach(async () => ({ folder, remove } = await ownFolder()));
  afterEach(() => remove());

  it('says what to do when there is none', async () => {
    await expect(findPython({ PATH: folder })).rejects.toThrow(
      /Python 3\.10 to 3\.13; none was found on the PATH\. Install .* MONGODB_URI and TEMPORAL_ADDRESS/,
    );
  });

  it('names the versions that do not fit', async () => {
    const bin = await fakeProgram(folder, 'python3', 'echo 3.14');
    await expect(findPython({ PATH: bin })).rejects.toThrow(/only Python 3\.14 was found/);
  });

  it('names the missing module of one that fits', async () => {
    const bin = await fakeProgram(folder, 'python3', 'echo 3.11; exit 1');
    await expect(findPython({ PATH: bin })).rejects.toThrow(/Python 3\.11 is here without its venv module/);
  });

  it('passes over a name with nothing behind it and one that is too old', async () => {
    await fakeProgram(folder, 'python3', 'echo "no such version" >&2; exit 127');
    await fakeProgram(folder, 'python3.13', 'echo 3.9');
    const bin = await fakeProgram(folder, 'python3.12', 'echo 3.12');
    expect(await findPython({ PATH: bin })).toEqual({ command: `${bin}/python3.12`, version: '3.12' });
  });
});
