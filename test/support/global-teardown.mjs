import { rm } from 'node:fs/promises';

/** Stops what global-setup.mjs started, and nothing else. */
export default async function stopEnginesOfTests() {
  const started = globalThis.sluiceTestEngines;
  if (started === undefined) return;
  await started.engines.stop();
  await rm(started.home, { recursive: true, force: true });
}
