import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import ts from 'typescript';
import { PROJECT } from './cruise.js';

const IGNORED = new Set(['node_modules', 'dist', 'coverage', '.git', '.engines', '.sluice', 'fixtures']);

/** Paths of all source files, relative to the project, with forward slashes. */
export async function sourceFiles(): Promise<string[]> {
  const entries = await readdir(PROJECT, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && !IGNORED.has(entry.name));
  const found = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  for (const folder of folders) {
    for (const entry of await readdir(path.join(PROJECT, folder.name), {
      recursive: true,
      withFileTypes: true,
    })) {
      const name = path.relative(PROJECT, path.join(entry.parentPath, entry.name)).split(path.sep).join('/');
      if (entry.isFile() && !name.split('/').some((part) => IGNORED.has(part))) found.push(name);
    }
  }
  return found.filter((name) => /\.[cm]?[jt]s$/.test(name)).sort();
}

export interface EnvironmentReads {
  /** Whether the environment is reached at all, in whatever way. */
  any: boolean;
  /** The variables that are named where they are read. */
  names: string[];
}

const textOf = (node: ts.Node | undefined): string | undefined =>
  node !== undefined && (ts.isStringLiteralLike(node) || ts.isIdentifier(node)) ? node.text : undefined;

/** The name that `x.name` or `x['name']` reads, and what it reads it from. */
function memberOf(node: ts.Node): { of: ts.Expression; name: string | undefined } | undefined {
  if (ts.isPropertyAccessExpression(node)) return { of: node.expression, name: node.name.text };
  if (ts.isElementAccessExpression(node))
    return {
      of: node.expression,
      name: ts.isStringLiteralLike(node.argumentExpression) ? node.argumentExpression.text : undefined,
    };
  return undefined;
}

const isProcess = (node: ts.Expression): boolean =>
  (ts.isIdentifier(node) && node.text === 'process') ||
  (ts.isPropertyAccessExpression(node) &&
    node.name.text === 'process' &&
    textOf(node.expression) === 'globalThis');

function isEnvironment(node: ts.Node): boolean {
  const member = memberOf(node);
  return member !== undefined && member.name === 'env' && isProcess(member.of);
}

function destructures(node: ts.Node): boolean {
  return (
    ts.isVariableDeclaration(node) &&
    ts.isObjectBindingPattern(node.name) &&
    node.initializer !== undefined &&
    isProcess(node.initializer) &&
    node.name.elements.some((element) => textOf(element.propertyName ?? element.name) === 'env')
  );
}

const importsProcess = (node: ts.Node): boolean =>
  ts.isImportDeclaration(node) && ['process', 'node:process'].includes(textOf(node.moduleSpecifier) ?? '');

/** What of the environment a source text reads. */
export function environmentReads(source: string): EnvironmentReads {
  const reads: EnvironmentReads = { any: false, names: [] };
  // Parsing is what takes the time; most files have no such word in them.
  if (!/process/.test(source)) return reads;
  const visit = (node: ts.Node): void => {
    if (isEnvironment(node) || destructures(node) || importsProcess(node)) reads.any = true;
    const member = memberOf(node);
    if (member?.name !== undefined && isEnvironment(member.of)) reads.names.push(member.name);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('source.ts', source, ts.ScriptTarget.ES2023, true));
  return reads;
}

export const read = (name: string): Promise<string> => readFile(path.join(PROJECT, name), 'utf8');

/** The variables that `.env.example` lists, set or commented out. */
export function listedVariables(example: string): string[] {
  return [...example.matchAll(/^(?:# )?([A-Z][A-Z0-9_]*)=/gm)].map((match) => match[1]!);
}
