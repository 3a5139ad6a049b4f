import { installedProviders } from '../activities/providers/installed.js';
import { ConfigError, readConfig } from './config.js';
import { runWorker } from './run-worker.js';

const LINGER_MS = 1_000;

/** The composition root of the worker. */
try {
  await runWorker(readConfig(), installedProviders);
} catch (error) {
  const words =
    error instanceof ConfigError ? error.message : String(error instanceof Error ? error.stack : error);
  process.stderr.write(`${words}\n`);
  process.exitCode = 1;
}
// A call to Temporal that is still outstanding would keep the process alive for as long as it likes.
setTimeout(() => process.exit(), LINGER_MS).unref();
