import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';

export const PROJECT = path.resolve(import.meta.dirname, '../..');
const CONFIG = path.join(PROJECT, '.dependency-cruiser.cjs');

export interface Violation {
  rule: string;
  from: string;
  to: string;
}

interface CruiseReport {
  modules: { source: string }[];
  summary: { violations: { rule: { name: string }; from: string; to: string }[] };
}

/**
 * Checks the folder against the project's import rules, in a process of its own: the cruiser compiles sources with the
 * TypeScript it finds, which the module registry of a test would load a second time.
 */
export async function cruise(folder: string): Promise<{ modules: string[]; violations: Violation[] }> {
  const program = path.join(PROJECT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [program, '--config', CONFIG, '--output-type', 'json', '.'],
    { cwd: folder, maxBuffer: 256 * 1024 * 1024 },
  ).catch((error: unknown) => {
    // Violations make it exit with their number; the report is on stdout all the same.
    const { stdout: report } = error as { stdout?: string };
    if (report === undefined || !report.startsWith('{')) throw error;
    return { stdout: report };
  });
  const report = JSON.parse(stdout) as CruiseReport;
  return {
    modules: report.modules.map((module) => module.source),
    violations: report.summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
  };
}

/** The names of all rules in force. */
export function ruleNames(): string[] {
  const config = createRequire(import.meta.url)(CONFIG) as { forbidden: { name: string }[] };
  return config.forbidden.map((rule) => rule.name);
}

/** The versions do not matter to the rules: only whether a package is declared, and as what. */
export async function declaredPackages(): Promise<{ dependencies: string[]; devDependencies: string[] }> {
  const manifest = JSON.parse(await readFile(path.join(PROJECT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
    devDependencies: Record<string, string>;
  };
  return {
    dependencies: Object.keys(manifest.dependencies),
    devDependencies: Object.keys(manifest.devDependencies),
  };
}
