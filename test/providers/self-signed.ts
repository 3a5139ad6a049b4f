import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * A certificate that nobody trusts, and its key: made anew, so that no key lies in the repository. In a process of its own,
 * because the package that makes it does not load inside jest.
 */
export async function selfSigned(): Promise<{ key: string; cert: string }> {
  const script = `
    require('mockttp').generateCACertificate({ bits: 2048 }).then(({ key, cert }) => {
      process.stdout.write(JSON.stringify({ key, cert }));
      process.exit(0);
    });`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script]);
  return JSON.parse(stdout) as { key: string; cert: string };
}
