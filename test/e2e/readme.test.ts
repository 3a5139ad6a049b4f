import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { enter, IN_TIME, type Desk } from './support/desk.js';

const run = promisify(execFile);

/** The commands of README's first import, as they stand there; only what a reader fills in (`...`) is filled in. */
describe("README's first import", () => {
  let desk: Desk;
  let folder: string;
  beforeAll(async () => {
    desk = await enter();
    folder = await mkdtemp(path.join(tmpdir(), 'sluice-readme-'));
  }, IN_TIME);
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
    await desk.leave();
  }, IN_TIME);

  it(
    'does what it says',
    async () => {
      const [first = '', ...steps] = await blocksOfFirstImport();
      const setUp = first
        .replace(/^export KEY=.*$/m, `export KEY=${desk.stack.adminKey}`)
        .replace(/^export API=.*$/m, `export API=${desk.stack.apiUrl}/v1`);
      const said: string[] = [];
      let filledIn = '';
      for (const step of steps) {
        const commands = step
          .split(/\n(?=call )/)
          .map((command) => command.replace(/^export (APP|RUN)=\.\.\.$/m, '').trim())
          .filter((command) => !command.includes('/events'));
        for (const command of commands) {
          const script = `${setUp}\n${filledIn}\n${command}`;
          const { stdout } = await run('bash', ['-euc', script], { cwd: folder });
          said.push(stdout);
          filledIn += idsIn(stdout);
        }
        if (step.includes('"kind":"import"')) {
          const runId = /"runId":"([^"]+)"/.exec(said.join())?.[1] ?? '';
          await desk.api.untilRun(runId, (seen) => seen.attention?.reason === 'review');
        }
      }
      expect(said.filter((answer) => answer.includes('problems/') || answer.includes('"status":4'))).toEqual(
        [],
      );
      const records = JSON.parse(said.at(-1) ?? '') as { items: { fields: { name: string } }[] };
      expect(records.items.map(({ fields }) => fields.name).sort()).toEqual(['Ada Park', 'Ben Moss']);
    },
    IN_TIME,
  );
});

/** Code of the section, without the indent that a list gives it: the preparations, then each step. `npm start` is played by the desk. */
async function blocksOfFirstImport(): Promise<string[]> {
  const readme = await readFile(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
  const section = /## Your first import[\s\S]*?(?=\n### )/.exec(readme)?.[0] ?? '';
  return [...section.matchAll(/^( *)```sh\n([\s\S]*?)^ *```/gm)]
    .map(([, indent = '', code = '']) => code.replaceAll(new RegExp(`^${indent}`, 'gm'), '').trim())
    .filter((code) => code !== 'npm start');
}

function idsIn(answer: string): string {
  const appId = /"appId":"([^"]+)"/.exec(answer)?.[1];
  const runId = /"runId":"([^"]+)"/.exec(answer)?.[1];
  return `${appId === undefined ? '' : `\nexport APP=${appId}`}${runId === undefined ? '' : `\nexport RUN=${runId}`}`;
}
