/** `npm run demo`: everything from an empty folder, through the HTTP API as any client would. `-- --keep` leaves it running. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiClient } from './api-client.js';
import { importAddressBook } from './demo/address-book.js';
import { planThenApply } from './demo/gate.js';
import { createSay } from './demo/say.js';
import { importSuperstore } from './demo/superstore.js';
import { importTrouble, undoOneObject } from './demo/trouble.js';
import { SetupError } from './errors.js';
import { startStack, type Stack } from './start.js';

const keep = process.argv.includes('--keep');
const say = createSay(process.stdout);
const started = Date.now();
const folder = await mkdtemp(join(tmpdir(), 'sluice-demo-'));
let stack: Stack | undefined;
const aborted = new AbortController();

async function end(code: number): Promise<never> {
  await stack?.stop();
  await rm(folder, { recursive: true, force: true });
  process.exit(code);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    aborted.abort();
    void end(130);
  });
}

try {
  const ports = { api: 0, mongodb: 0, temporal: 0, temporalUi: 0 };
  stack = await startStack({
    home: folder,
    ports,
    signal: aborted.signal,
    say: (line) => say.line(`   ${line}`),
  });
  say.line(`Sluice runs at ${stack.apiUrl}${stack.store.trial ? ' (trial store, not for production)' : ''}.`);
  const api = createApiClient(stack.apiUrl, stack.adminKey);
  const superstore = await importSuperstore(api, say);
  await importAddressBook(api, say, folder);
  await undoOneObject(api, say, await importTrouble(api, say));
  await planThenApply(api, say);
  const { temporal } = await api.untilRun(superstore.runId, () => true);
  say.title('Where to look');
  say.line(`   Temporal UI: ${temporal.url ?? stack.temporalUiUrl ?? 'none'}`);
  say.line(`   API reference: ${stack.apiUrl}/docs`);
  say.line(`   ${Math.round((Date.now() - started) / 1000)} s from an empty folder.`);
  if (keep) say.line(`   Left running; admin key ${stack.adminKey}. Ctrl-C stops it.`);
  else await end(0);
} catch (error) {
  say.line(
    error instanceof SetupError ? error.message : String(error instanceof Error ? error.stack : error),
  );
  await end(1);
}
