import { projectRoot } from '../../local/paths.js';
import { runCommand } from '../../local/run-command.js';

const SCRIPT = `
import { generateCACertificate } from 'mockttp';
console.log(JSON.stringify(await generateCACertificate({ subject: { commonName: 'localhost' } })));`;

/** A certificate that signed itself, and its key (PEM). Made in a process of its own: jest cannot load the library. */
export async function selfSigned(): Promise<{ cert: string; key: string }> {
  const args = ['--input-type=module', '-e', SCRIPT];
  const env = { PATH: process.env['PATH'] };
  const { code, stdout, stderr } = await runCommand(process.execPath, args, {
    timeoutMs: 30_000,
    cwd: projectRoot(),
    env,
  });
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}
