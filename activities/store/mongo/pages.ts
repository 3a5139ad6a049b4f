import type { Pages } from '../moving.js';
import type { Database } from './collections.js';
import { readJournal } from './journal.js';
import { applyPage } from './page-apply.js';
import { listChanges, listDuplicates } from './page-entries.js';
import { expireRun } from './page-expire.js';
import { findSource, readFacts, readOutcomes, readSource, streamSource } from './page-reads.js';
import { stagePages } from './page-stage.js';
import { stagedIds } from './staged-ids.js';
import { undoPage } from './page-undo.js';

export function createPages(database: Database): Pages {
  return {
    stage: (commit) => stagePages(database, commit),
    stagedIds: (ref, object, fromSeq) => stagedIds(database, ref, object, fromSeq),
    source: (ref, object, seq) => readSource(database, ref, object, seq),
    apply: (commit) => applyPage(database, commit),
    undo: (commit) => undoPage(database, commit),
    facts: (ref, object, args) => readFacts(database, ref, object, args),
    outcomes: (ref, object, seqs) => readOutcomes(database, ref, object, seqs),
    journal: (ref, object, seq) => readJournal(database, ref, object, seq),
    changes: (ref, filter, query) => listChanges(database, ref, filter, query),
    duplicates: (ref, filter, query) => listDuplicates(database, ref, filter, query),
    stream: (ref, signal) => streamSource(database, ref, signal),
    sourceOf: (ref, object, externalId) => findSource(database, ref, object, externalId),
    expire: (ref) => expireRun(database, ref),
  };
}
