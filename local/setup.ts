/** `npm run setup`: installs the local engines, and with `--lab` the servers that demo and tests talk to. Safe to repeat. */
import { readLocalConfig } from './config.js';
import { installEngines } from './engines.js';
import { SetupError } from './errors.js';
import { createInstaller } from './install.js';

try {
  const say = (line: string): void => console.log(line);
  const config = readLocalConfig(process.env);
  const installer = createInstaller({ enginesDir: config.enginesDir, env: process.env, say });
  await Promise.all([
    installEngines({ config, env: process.env, say, installer }),
    ...(process.argv.includes('--lab') ? [installer.ensure('lab')] : []),
  ]);
} catch (error) {
  console.error(error instanceof SetupError ? error.message : error);
  process.exitCode = 1;
}
