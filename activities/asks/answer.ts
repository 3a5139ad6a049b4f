import type { Activities, Ask } from '../../workflows/contract/activities.js';
import type { ActivityDeps } from '../deps.js';
import { whileBeating } from '../beat.js';
import { understand } from '../failures.js';
import { checkConnection } from './check.js';
import { disconnect, finishLogin } from './connect.js';
import { compareRecord } from './compare.js';
import { inspectUpload } from './inspect.js';
import { previewPreflight } from './preview-preflight.js';
import { previewUndo } from './preview-undo.js';

/** Repeatable: every question only looks (an inspection replaces what an earlier one left, a log-in takes each of its steps once), and its answer is put, not added. */
export function createAnswerAsk(deps: ActivityDeps): Activities['answerAsk'] {
  return ({ answerId, ask }) =>
    whileBeating(async (signal) => {
      // Temporal also counts a question as taken that it gave to a frozen worker: only this tells that one is at it.
      await deps.store.answers.begin(answerId);
      try {
        await deps.store.answers.put(answerId, { result: await answerTo(deps, ask, signal) });
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        const { code, message } = understand(error);
        if (code === 'bug')
          deps.log.error({ ask: ask.about, kind: String(error).slice(0, 300) }, 'a question failed');
        await deps.store.answers.put(answerId, { error: { code, message } });
      }
    });
}

function answerTo(deps: ActivityDeps, ask: Ask, signal: AbortSignal): Promise<unknown> {
  switch (ask.about) {
    case 'check':
      return checkConnection(deps, ask, signal);
    case 'connect':
      return finishLogin(deps, ask, signal);
    case 'disconnect':
      return disconnect(deps, ask);
    case 'preflight':
      return previewPreflight(deps, ask, signal);
    case 'compare':
      return compareRecord(deps, ask, signal);
    case 'inspect':
      return inspectUpload(deps, ask, signal);
    case 'undo_preview':
      return previewUndo(deps, ask, signal);
  }
}
