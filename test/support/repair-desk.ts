import { expect } from '@jest/globals';
import type { RepairArgs } from '../../workflows/contract/activities.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import type { StoredRecord } from '../../activities/records/types.js';
import { must, type House } from './activity-house.js';

export const ANN = { id: 'ann', name: 'Ann' };

export const MAPPING = {
  objects: {
    contacts: {
      fields: {
        ...{ name: 'name', email: 'email', title: 'title', status: 'status', owner: 'owner' },
        account: { path: 'account', relation: 'accounts' as const },
      },
    },
  },
  owners: {},
  statuses: {},
};

export interface RepairDesk {
  repair(ref: RunRef, what?: Partial<RepairArgs>): Promise<void>;
  undo(ref: RunRef): Promise<void>;
  ended(ref: RunRef): Promise<void>;
  booksOf(ref: RunRef): Promise<Record<string, unknown>>;
  /** The record of a source record of this run. */
  find(ref: RunRef, externalId: string): Promise<StoredRecord>;
}

/** What tests of repairs do with a run; the house is asked for when it is needed, because it opens before the first test. */
export function repairDesk(house: () => House): RepairDesk {
  async function repair(ref: RunRef, what: Partial<RepairArgs> = {}): Promise<void> {
    const repairId = `repair-${Math.random()}`;
    const args = { ref, repairId, object: null, code: null, externalIds: null, actor: ANN, ...what };
    expect(await house().run('repairSlice', args)).toEqual({ state: 'done' });
  }

  async function undo(ref: RunRef): Promise<void> {
    expect(await house().run('undoSlice', { ref, object: null, actor: ANN, note: 'wrong' })).toEqual({
      state: 'done',
    });
  }

  async function ended(ref: RunRef): Promise<void> {
    await house().run('closeTransfer', { ref, object: 'contacts', why: 'in_review' });
    await house().run('closeRun', { ref, status: 'completed', error: null });
  }

  async function booksOf(ref: RunRef): Promise<Record<string, unknown>> {
    const { fetched, created, updated, unchanged, skipped, failed, deleted, skippedBy } =
      await house().counts(ref);
    expect(fetched).toBe(created + updated + unchanged + skipped + failed + deleted);
    return { fetched, created, updated, unchanged, skipped, failed, duplicate: skippedBy.duplicate };
  }

  async function find(ref: RunRef, externalId: string): Promise<StoredRecord> {
    const { origin } = must((await house().theRun(ref)).pinned);
    const [link] = await house().store.links.byExternalIds(ref.workspaceId, origin, 'contacts', [externalId]);
    const [record] = await house().store.records.byIds(ref.workspaceId, [must(link).recordId]);
    return must(record);
  }
  return { repair, undo, ended, booksOf, find };
}
