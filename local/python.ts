import { SetupError } from './errors.js';
import { allOnPath } from './on-path.js';
import { runCommand } from './run-command.js';

export type Python = { command: string; version: string };

const NAMES = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];
// Asks for what an installation needs, not only for the version: some systems ship Python without venv.
const PROBE = 'import sys; print("%d.%d" % sys.version_info[:2]); import venv, ensurepip';
export const INSTEAD =
  'or name engines that already run, in MONGODB_URI and TEMPORAL_ADDRESS (then no Python is needed)';

/**
 * The first Python 3.10-3.13 on the PATH that can make a virtual environment. Each candidate is run: a name on
 * the PATH may be a version manager's shim with nothing behind it.
 * @throws SetupError that says which of the three lacks it is: none, an unsupported version, no `venv`.
 */
export async function findPython(env: NodeJS.ProcessEnv): Promise<Python> {
  const unsupported = new Set<string>();
  const withoutVenv = new Set<string>();
  for (const name of NAMES) {
    for (const command of await allOnPath(name, env['PATH'])) {
      const result = await runCommand(command, ['-c', PROBE], { env: pythonEnv(env), timeoutMs: 20_000 });
      const version = /^(\d+)\.(\d+)\s*$/m.exec(result.stdout);
      if (!version) continue;
      const label = `${version[1]}.${version[2]}`;
      const minor = Number(version[2]);
      if (version[1] !== '3' || minor < 10 || minor > 13) unsupported.add(label);
      else if (result.code !== 0) withoutVenv.add(label);
      else return { command, version: label };
    }
  }
  throw new SetupError(lacking([...withoutVenv], [...unsupported]));
}

function lacking(withoutVenv: string[], unsupported: string[]): string {
  const [version] = withoutVenv;
  if (version !== undefined) {
    return (
      `Python ${version} is here without its venv module. Install it (Debian and Ubuntu: apt install python${version}-venv), ` +
      `${INSTEAD}.`
    );
  }
  const found =
    unsupported.length > 0
      ? `only Python ${unsupported.join(' and ')} was found`
      : 'none was found on the PATH';
  return `The local engines need Python 3.10 to 3.13; ${found}. Install one of these versions, ${INSTEAD}.`;
}

/** The environment without what would bend a virtual environment: another home, path or install target. */
export function pythonEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const bending = ['PYTHONHOME', 'PYTHONPATH', 'PIP_USER', 'PIP_TARGET', 'PIP_PREFIX', '__PYVENV_LAUNCHER__'];
  const rest = Object.fromEntries(Object.entries(env).filter(([name]) => !bending.includes(name)));
  return { ...rest, PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_NO_INPUT: '1' };
}
