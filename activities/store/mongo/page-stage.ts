import type { StageCommit } from '../moving.js';
import { Fenced } from '../moving.js';
import type { SourceRecord } from '../../records/types.js';
import type { Database, FetchStored, PageStored } from './collections.js';
import { insertAll } from './commands.js';
import { fingerprints } from './fingerprints.js';
import { idHashes } from './id-hashes.js';
import { readGuard } from './guards.js';
import { toBlob } from './json.js';
import { pageKey } from './page-keys.js';
import { updateExactly } from './page-writes.js';
import { transact, type Tx } from './transaction.js';
import { FETCH, sideKey } from './transfer-codec.js';

/** Far above what a page may hold (about 2 MiB before compression), and below what a document may. */
const MOST_BYTES = 15 * 1024 * 1024;

/**
 * Stores the pages of one provider answer and moves the fetch side, or does neither. Safe to repeat: a side that stands behind
 * these pages already, in the same epoch, was moved by an earlier call of the same attempt.
 */
export async function stagePages(database: Database, commit: StageCommit): Promise<void> {
  const pages = await Promise.all(
    commit.pages.map((records, index) => encodePage(database, commit, records, index)),
  );
  const fetched = pages.reduce((sum, page) => sum + page.n, 0);
  const rows = pages.reduce((sum, page) => sum + page.rows, 0);
  const key = sideKey(commit.ref, commit.object, FETCH);
  const move = {
    q: { _id: key },
    u: {
      $set: {
        cursor: commit.cursor,
        done: commit.done,
        bookmark: commit.bookmark,
        complete: commit.complete,
        ...commit.step,
        updatedAt: database.now().toISOString(),
      },
      $inc: {
        position: pages.length,
        fetched,
        rows,
        requests: commit.traffic.requests,
        bytes: commit.traffic.bytes,
      },
    },
  };
  await transact(database, async (tx) => {
    if (await isStaged(tx, key, commit)) return;
    await updateExactly(tx, 'transfers', [move]);
    await insertAll(tx, 'pages', pages);
  });
}

async function encodePage(
  database: Database,
  commit: StageCommit,
  records: SourceRecord[],
  index: number,
): Promise<PageStored> {
  const { ref, object } = commit;
  const seq = commit.fromSeq + index;
  const data = await toBlob(records);
  if (data.position > MOST_BYTES) {
    throw new Error(
      `Page ${seq} of ${object} is too large to keep: its source records must be cut into more pages.`,
    );
  }
  const page: PageStored = {
    _id: pageKey(ref, object, seq),
    origin: commit.origin ?? 'fetch',
    n: records.length,
    rows: records.reduce((sum, record) => sum + (record.rows ?? 0), 0),
    data,
    ids: fingerprints(records.map((record) => record.externalId)),
    stagedAt: database.now().toISOString(),
    appliedAt: null,
    undoneAt: null,
  };
  if (commit.forAbsence) page.idHashes = idHashes(records.map((record) => record.externalId));
  if (index === commit.pages.length - 1 && commit.cursor !== null) page.cursor = commit.cursor;
  return page;
}

/** True: the side was moved before, by this very commit. */
async function isStaged(tx: Tx, key: string, commit: StageCommit): Promise<boolean> {
  const side = await readGuard<FetchStored>(tx, 'transfers', key);
  if (side?.epoch !== commit.epoch || side.closedFor !== null) {
    throw new Fenced(
      `Another attempt, or the end of this transfer, took over ${commit.object}. Nothing was staged.`,
    );
  }
  if (side.position === commit.fromSeq) return false;
  const moved = side.position === commit.fromSeq + commit.pages.length && side.cursor === commit.cursor;
  if (!moved) {
    throw new Error(`Page ${commit.fromSeq} of ${commit.object} is not the next one: ${side.position} is.`);
  }
  return true;
}
