import { stringify } from 'lossless-json';
import { z } from 'zod';
import { StoreUnavailable } from '../../activities/store/store.js';
import { isTerminal } from '../../workflows/contract/status.js';
import { delay } from '../ask.js';
import { endpoint, type Call } from '../endpoint.js';
import { runOf } from '../lookup.js';
import { viewRun } from '../run-view.js';
import { id } from '../shapes/common.js';
import type { RunShape } from '../shapes/run.js';
import { written } from '../stream.js';

/** At most four events a second. */
const LOOK_MS = 260;
const HEARTBEAT_MS = 15_000;
/** The store may be away for so long before the stream ends and the client comes again. */
const STORE_AWAY_MS = 30_000;

export const runEvents = endpoint({
  method: 'get',
  path: '/v1/runs/{runId}/events',
  tag: 'Runs',
  summary: 'The run as it changes, as server-sent events',
  description:
    'Events are named `run`, at most four a second; each is a full snapshot with the revision as id. A resumed stream starts with the current one. It ends after a terminal status.',
  access: 'viewer',
  params: z.strictObject({ runId: id }),
  answersWithinMs: null,
  answers: { 200: { description: 'Events until the run has ended', contentTypes: ['text/event-stream'] } },
  errors: ['not_found'],
  async handle(call) {
    // Before the stream begins, so that an unknown run is a plain 404.
    await runOf(call);
    await stream(call);
    return 'streamed';
  },
});

/** Looks at the store, not at anything in this process: any API process can serve any run. */
async function stream(call: Call<{ runId: string }>): Promise<void> {
  const { res } = call;
  res.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-cache, no-transform',
    'X-Accel-Buffering': 'no',
  });
  res.write('retry: 1000\n\n');
  let shown = '';
  let spoke = Date.now();
  let answered = Date.now();
  while (!res.destroyed) {
    const snapshot = await look(call);
    if (snapshot) {
      answered = Date.now();
      const now = facts(snapshot);
      if (now !== shown) {
        shown = now;
        spoke = Date.now();
        await written(res, `id: ${snapshot.revision}\nevent: run\ndata: ${stringify(snapshot) ?? ''}\n\n`);
      }
      if (isTerminal(snapshot.status)) break;
    } else if (Date.now() - answered > STORE_AWAY_MS) break;
    if (Date.now() - spoke > HEARTBEAT_MS) {
      spoke = Date.now();
      await written(res, ': still there\n\n');
    }
    await delay(LOOK_MS);
  }
  res.end();
}

async function look(call: Call<{ runId: string }>): Promise<RunShape | null> {
  try {
    return await viewRun(call.deps, await runOf(call));
  } catch (error) {
    if (error instanceof StoreUnavailable) return null;
    throw error;
  }
}

/** Estimates move with the clock; they are no news by themselves. */
function facts(snapshot: RunShape): string {
  return JSON.stringify(snapshot, (key: string, value: unknown) =>
    key === 'etaSeconds' ? undefined : value,
  );
}
