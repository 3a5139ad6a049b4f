import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PROJECT, cruise, declaredPackages, ruleNames, type Violation } from './cruise.js';
import { ALLOWED, BACKDROP, REFUSED, type Import } from './forbidden-imports.js';

const isOurs = (to: string): boolean => to.endsWith('.ts');

/** One line of the import, in the style of the sources: `.js` for our files. */
function statement({ from, to, types }: Import): string {
  const target = isOurs(to) ? path.posix.relative(path.posix.dirname(from), to).replace(/\.ts$/, '.js') : to;
  const specifier = isOurs(to) && !target.startsWith('.') ? `./${target}` : target;
  return types === true
    ? `import type { value as value${to.length} } from '${specifier}';\nexport type Of${to.length} = typeof value${to.length};\n`
    : `import '${specifier}';\n`;
}

/** A small house with stubs for packages, in which each import of the table is one line of one file. */
async function buildHouse(folder: string, imports: Import[]): Promise<void> {
  const files = new Map<string, string>();
  const packages = new Set<string>();
  for (const entry of imports) {
    if (isOurs(entry.to) && entry.to !== 'api/never-written.ts' && !files.has(entry.to))
      files.set(entry.to, 'export const value = 1;\n');
    if (!isOurs(entry.to) && !isBuiltin(entry.to)) packages.add(entry.to);
  }
  for (const entry of imports) {
    if (entry.from === entry.to) continue;
    files.set(entry.from, (files.get(entry.from) ?? 'export const value = 1;\n') + statement(entry));
  }
  for (const name of packages) {
    files.set(
      `node_modules/${name}/package.json`,
      JSON.stringify({ name, version: '1.0.0', main: 'index.js' }),
    );
    files.set(`node_modules/${name}/index.js`, 'export const value = 1;\n');
  }
  const { dependencies, devDependencies } = await declaredPackages();
  const versions = (names: string[]): Record<string, string> =>
    Object.fromEntries(names.map((name) => [name, '1.0.0']));
  files.set(
    'package.json',
    JSON.stringify({
      name: 'house',
      type: 'module',
      dependencies: versions(dependencies),
      devDependencies: versions(devDependencies),
    }),
  );
  files.set(
    'tsconfig.json',
    JSON.stringify({
      compilerOptions: { module: 'nodenext', moduleResolution: 'nodenext', target: 'es2023' },
    }),
  );
  for (const [name, text] of files) {
    await mkdir(path.join(folder, path.dirname(name)), { recursive: true });
    await writeFile(path.join(folder, name), text);
  }
}

/** The report names the file an import resolves to; what does not resolve, as it was written. */
function leadsTo(violation: Violation, to: string): boolean {
  if (isOurs(to)) return violation.to === to || violation.to === `./${path.posix.basename(to, '.ts')}.js`;
  if (isBuiltin(to)) return violation.to.replace('node:', '') === to.replace('node:', '');
  return violation.to.startsWith(`node_modules/${to}/`);
}

const sentence = (violation: Violation): string => `${violation.from} → ${violation.to} (${violation.rule})`;

describe('the import rules', () => {
  it('hold in the sources', async () => {
    const { modules, violations } = await cruise(PROJECT);

    expect(modules).toContain('workflows/contract/status.ts');
    expect(violations.map(sentence)).toEqual([]);
  });

  describe('in a house that breaks them', () => {
    let folder: string;
    let violations: Violation[];

    beforeAll(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'sluice-imports-'));
      await buildHouse(folder, [...Object.values(REFUSED).flat(), ...ALLOWED, ...BACKDROP]);
      ({ violations } = await cruise(folder));
    });

    afterAll(async () => {
      await rm(folder, { recursive: true, force: true });
    });

    it('have a control each', () => {
      expect(Object.keys(REFUSED).sort()).toEqual(ruleNames().sort());
    });

    it.each(Object.entries(REFUSED).flatMap(([rule, imports]) => imports.map((one) => ({ rule, ...one }))))(
      '$rule refuses $from → $to',
      ({ rule, from, to }) => {
        const found = violations.filter((violation) => violation.rule === rule && violation.from === from);

        expect(found.some((violation) => leadsTo(violation, to))).toBe(true);
      },
    );

    it.each(ALLOWED)('nothing refuses $from → $to', ({ from, to }) => {
      const found = violations.filter((violation) => violation.from === from && leadsTo(violation, to));

      expect(found.map(sentence)).toEqual([]);
    });
  });
});
