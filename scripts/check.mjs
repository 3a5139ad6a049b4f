/** `npm run check`: every check, each with one line, all of them even when one fails. Two run beside each other. */
import { spawn } from 'node:child_process';

/** The slowest first, so that it does not run alone at the end. */
const CHECKS = [
  ['lint', 'lint'],
  ['types', 'types'],
  ['format:check', 'format'],
  ['imports', 'import rules'],
  ['dead-code', 'dead code'],
  ['licences', 'licences'],
  ['lockfile', 'lock file'],
];

/** Runs a script of package.json; its output is shown only when it fails. */
function run(script) {
  return new Promise((resolve) => {
    const child = spawn('npm', ['run', '--silent', script], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    child.on('error', (error) => resolve({ passed: false, output: error.message }));
    child.on('close', (code) => resolve({ passed: code === 0, output }));
  });
}

const waiting = [...CHECKS];
const failed = [];

async function runNext() {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const [script, title] = next;
    const start = Date.now();
    const { passed, output } = await run(script);
    console.log(`${passed ? '✓' : '✗'} ${title} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
    if (passed) continue;
    failed.push(title);
    console.log(output.trimEnd());
  }
}

await Promise.all([runNext(), runNext()]);

if (failed.length > 0) {
  console.log(`Checks failed: ${failed.join(', ')}.`);
  process.exitCode = 1;
} else {
  console.log('All checks passed.');
}
