import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { tsImport } from 'tsx/esm/api';

/**
 * Starts a Temporal server and a store for the tests of one run, on free ports and in a folder that is thrown away, and hands
 * their addresses on as `TEST_TEMPORAL_ADDRESS` and `TEST_MONGODB_URI`. An engine that is named already (there, or as
 * `TEMPORAL_ADDRESS` and `MONGODB_URI`) is used instead.
 *
 * Jest loads this file with Node itself, which reads no TypeScript; hence the loader.
 */
export default async function startEnginesForTests() {
  const { TEST_MONGODB_URI, TEST_TEMPORAL_ADDRESS, ...env } = process.env;
  if (TEST_MONGODB_URI && TEST_TEMPORAL_ADDRESS) return;
  if (TEST_MONGODB_URI) env.MONGODB_URI = TEST_MONGODB_URI;
  if (TEST_TEMPORAL_ADDRESS) env.TEMPORAL_ADDRESS = TEST_TEMPORAL_ADDRESS;

  const { startEngines } = await tsImport('../../local/engines.ts', import.meta.url);
  const home = await mkdtemp(path.join(tmpdir(), 'sluice-engines-'));
  const engines = await startEngines({
    home,
    env,
    ports: { api: 0, mongodb: 0, temporal: 0, temporalUi: 0 },
    say: (line) => console.log(line),
  }).catch(async (error) => {
    await rm(home, { recursive: true, force: true });
    throw error;
  });
  globalThis.sluiceTestEngines = { engines, home };
  process.env.TEST_MONGODB_URI = engines.mongodbUri;
  process.env.TEST_TEMPORAL_ADDRESS = engines.temporalAddress;
}
