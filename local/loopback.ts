const LOOPBACK = '127.0.0.1,localhost';

/** Where a proxy is set up for the way out, what runs on this machine must not be looked for behind it. */
export function directToLoopback(env: NodeJS.ProcessEnv): { NO_PROXY: string; no_proxy: string } {
  const set = env['NO_PROXY'] ?? env['no_proxy'] ?? '';
  const list = set.includes(LOOPBACK) ? set : [set, LOOPBACK].filter(Boolean).join(',');
  return { NO_PROXY: list, no_proxy: list };
}
