import { spawn } from 'node:child_process';

export type CommandResult = {
  /** Exit code; -1 when the program could not be started, was ended by a signal, or ran out of time. */
  code: number;
  stdout: string;
  stderr: string;
};

/** Output past this is cut, so that a program gone wild costs no memory. */
const MOST_OUTPUT = 1_000_000;

/** Runs a program to its end and never throws: a program that cannot be started is a result too. */
export function runCommand(
  command: string,
  args: string[],
  options: { env?: NodeJS.ProcessEnv; timeoutMs: number; cwd?: string },
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const out = { stdout: '', stderr: '' };
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
      ...(options.env ? { env: options.env } : {}),
      ...(options.cwd ? { cwd: options.cwd } : {}),
    });
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        if (out[stream].length < MOST_OUTPUT) out[stream] += text;
      });
    }
    child.once('error', (error) =>
      resolve({ code: -1, stdout: out.stdout, stderr: out.stderr || error.message }),
    );
    child.once('close', (code) => resolve({ code: code ?? -1, ...out }));
  });
}
