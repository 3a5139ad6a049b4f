import { applyEdit, type EditIssue, type NewRecord, type RecordEdit } from '../activities/records/edit.js';
import { recordView, type RecordView } from '../activities/records/record-view.js';
import { specOf } from '../activities/records/objects.js';
import type { StoredRecord } from '../activities/records/types.js';
import type { Call } from './endpoint.js';
import { Problem, notFound, type Issue } from './errors.js';
import { versionClash } from './if-match.js';

/** How long a person's new record waits for the imports of the same object to let it in. */
const TURN_MS = 8_000;
const TRIES = 5;

type EditCall = Pick<Call, 'deps' | 'caller' | 'now' | 'token'>;

export async function recordOf(call: EditCall, recordId: string): Promise<StoredRecord> {
  const [found] = await call.deps.store.records.byIds(call.caller.workspaceId, [recordId]);
  if (!found) throw notFound('record', recordId);
  return found;
}

export async function viewRecords(
  call: Pick<Call, 'deps' | 'caller'>,
  records: readonly StoredRecord[],
): Promise<RecordView[]> {
  const ids = records.map(({ recordId }) => recordId);
  const links = ids.length === 0 ? [] : await call.deps.store.links.byRecords(call.caller.workspaceId, ids);
  return records.map((record) =>
    recordView(
      record,
      links.filter((link) => link.recordId === record.recordId),
    ),
  );
}

/** A person's new record, under the turn of its object, so that an import running beside sees it. Repeatable by its id. */
export async function createRecord(call: EditCall, base: NewRecord, edit: RecordEdit): Promise<StoredRecord> {
  const { store } = call.deps;
  const [earlier] = await store.records.byIds(base.workspaceId, [base.recordId]);
  if (earlier) return earlier;
  const { record } = await edited(call, base, edit);
  const patience = AbortSignal.timeout(TURN_MS);
  for (let tries = 0; tries < TRIES; tries += 1) {
    const turn = await store.turns
      .acquire(base.workspaceId, base.object, `person:${call.token}`, patience)
      .catch((error: unknown) => {
        throw patience.aborted ? busy(base.object) : error;
      });
    try {
      if ((await store.records.insert(record, turn)) === 'written') return record;
    } finally {
      await store.turns.release(turn);
    }
  }
  throw busy(base.object);
}

/** Guarded by the version that the person looked at. Throws 412 when it is another by now. */
export async function changeRecord(
  call: EditCall,
  recordId: string,
  version: number,
  edit: RecordEdit,
): Promise<StoredRecord> {
  const base = await recordOf(call, recordId);
  if (base.version !== version) throw versionClash(recordId, base.version);
  const { record, changed, bumps } = await edited(call, base, edit);
  if (changed.length === 0) return base;
  const done = await call.deps.store.records.replace(record, version, bumps);
  if (done === 'written') return record;
  throw versionClash(recordId, (await recordOf(call, recordId)).version);
}

async function edited(call: EditCall, base: StoredRecord | NewRecord, edit: RecordEdit) {
  const { deps, caller, now } = call;
  const members = await deps.store.members.active(caller.workspaceId);
  const result = applyEdit(base, edit, {
    actor: caller.actor,
    now,
    members: new Set(members.map(({ memberId }) => memberId)),
  });
  const issues = [...(result.ok ? [] : result.issues), ...(await targetIssues(call, base, edit))];
  if (!result.ok || issues.length > 0) throw invalid(issues);
  return result;
}

/** A relation must name a record of the right object in this workspace. */
async function targetIssues(
  { deps, caller }: EditCall,
  base: { object: StoredRecord['object'] },
  { relations = {} }: RecordEdit,
): Promise<EditIssue[]> {
  const targets = specOf(base.object).relations;
  const named = Object.entries(relations).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string' && Object.hasOwn(targets, entry[0]),
  );
  if (named.length === 0) return [];
  const found = await deps.store.records.byIds(
    caller.workspaceId,
    named.map(([, recordId]) => recordId),
  );
  return named.flatMap(([name, recordId]) => {
    const target = found.find((each) => each.recordId === recordId);
    if (target?.object === targets[name]) return [];
    return [{ path: ['relations', name], message: `There is no record ${recordId} of ${targets[name]}.` }];
  });
}

function invalid(found: readonly EditIssue[]): Problem {
  const issues: Issue[] = found.map(({ path, message }) => ({ path: ['body', ...path].join('.'), message }));
  return new Problem(
    'record_invalid',
    `${issues.map(({ message }) => message).join(' ')} Nothing was changed. Correct it and send it again.`,
    { issues },
  );
}

function busy(object: string): Problem {
  return new Problem(
    'changed_meanwhile',
    `Imports are writing ${object} and left no turn in time. Nothing was written. Send it again with the same Idempotency-Key.`,
    {},
    { 'Retry-After': '2' },
  );
}
