/** As much of a Temporal worker as is needed here. */
export interface Runnable {
  run(): Promise<void>;
}

const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Runs a worker until it is asked to stop. Once it was asked, nothing that goes wrong is worth an error: its talk with Temporal may be
 * cut short (Temporal stopped at the same moment, an activity that did not end in time), and then its native part refuses to be taken
 * apart while a call is outstanding. What was under way is tried again by another worker, as after a kill.
 */
export async function untilStopped(worker: Runnable, onCutShort: (kind: string) => void): Promise<void> {
  const asked = new AbortController();
  const ask = (): void => {
    asked.abort();
  };
  for (const signal of STOP_SIGNALS) process.on(signal, ask);
  try {
    await worker.run();
  } catch (error) {
    if (!asked.signal.aborted) throw error;
    onCutShort(error instanceof Error ? error.name : typeof error);
  } finally {
    for (const signal of STOP_SIGNALS) process.off(signal, ask);
  }
}
