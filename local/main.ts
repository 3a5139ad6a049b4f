/** `npm start`: everything on this machine under one command, until Ctrl-C. */
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { messageOf, SetupError } from './errors.js';
import { redacted } from './mongodb.js';
import { projectRoot } from './paths.js';
import { startStack } from './start.js';
import type { Stack } from './start.js';

const settings = join(projectRoot(), '.env');
if (existsSync(settings)) process.loadEnvFile(settings);

const aborted = new AbortController();
let stack: Stack | undefined;
let asked = 0;

function onSignal(): void {
  asked += 1;
  if (asked === 1) console.log('\nStopping API, worker, Temporal and store ... (again to force)');
  if (stack)
    void stack.stop(asked > 1 ? { now: true } : {}).then(() => {
      console.log('Stopped.');
      process.exit(0);
    });
  else aborted.abort();
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);

try {
  console.log('Starting Sluice ...');
  stack = await startStack({ signal: aborted.signal });
  console.log(welcome(stack));
} catch (error) {
  console.error(error instanceof SetupError ? error.message : error);
  if (!(error instanceof SetupError)) console.error(`Sluice did not start: ${messageOf(error)}`);
  process.exitCode = asked > 0 ? 0 : 1;
}

function welcome(running: Stack): string {
  const trial = running.store.trial ? '  (trial store, not for production)' : '';
  return [
    '',
    'Sluice is running.',
    `  API          ${running.apiUrl}  (reference at ${running.apiUrl}/docs)`,
    `  Temporal     ${running.temporalAddress}${running.temporalUiUrl ? `, UI ${running.temporalUiUrl}` : ''}`,
    `  Store        ${redacted(running.mongodbUri)}${trial}`,
    `  Data, logs   ${shown(running.home)}`,
    ...(running.adminKeyIsNew
      ? [`  Admin key    ${running.adminKey}  (shown this once; kept in admin.key there)`]
      : []),
    'Ctrl-C stops everything.',
  ].join('\n');
}

/** Short where the folder is below this one. */
function shown(folder: string): string {
  const below = relative(process.cwd(), folder);
  return below === '' || below.startsWith('..') ? folder : below;
}
