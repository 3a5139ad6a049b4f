import { z } from 'zod';
import type { RecordEdit } from '../../activities/records/edit.js';
import type { StoredRecord } from '../../activities/records/types.js';
import { changeRecord, createRecord, viewRecords } from '../edit-record.js';
import { endpoint, type Call } from '../endpoint.js';
import { versionFrom } from '../if-match.js';
import { audited } from '../lookup.js';
import type { Reply } from '../reply.js';
import { given, id, objectName } from '../shapes/common.js';
import { record } from '../shapes/record.js';

const params = z.strictObject({ recordId: id });
const ifMatch = z.object({
  'if-match': z.string().meta({ description: 'The version of the record that was looked at' }),
});
const fields = z.record(z.string(), z.unknown());
const relations = z
  .record(z.string(), z.string().nullable())
  .meta({ description: 'Relation field to the id of a record; null takes it away' });

export const addRecord = endpoint({
  method: 'post',
  path: '/v1/records',
  tag: 'Records',
  summary: 'Make a record by hand',
  access: 'operator',
  body: z.strictObject({ object: objectName, fields, relations: relations.optional() }),
  idempotency: 'remembered',
  answers: { 201: { description: 'The record', schema: record } },
  errors: ['record_invalid', 'changed_meanwhile'],
  async handle(call) {
    const { caller, token, body } = call;
    const made = await createRecord(
      call,
      { workspaceId: caller.workspaceId, recordId: token, object: body.object },
      { fields: body.fields, ...given({ relations: body.relations }) },
    );
    await audited(call, 'record.made', made.recordId, { object: made.object });
    return shown(call, 201, made);
  },
});

export const changeRecordRoute = endpoint({
  method: 'patch',
  path: '/v1/records/{recordId}',
  tag: 'Records',
  summary: "A person's edit",
  description: 'Fields that are `null` become empty. No import overwrites the edit unless a policy says so.',
  access: 'operator',
  params,
  headers: ifMatch,
  body: z.strictObject({
    fields: fields.optional(),
    relations: relations.optional(),
    archived: z.boolean().optional(),
  }),
  answers: { 200: { description: 'The record', schema: record } },
  errors: ['not_found', 'record_invalid', 'version_clash', 'precondition_required'],
  async handle(call) {
    const version = versionFrom(call.req.headers['if-match']);
    const edit: RecordEdit = given(call.body);
    const changed = await changeRecord(call, call.params.recordId, version, edit);
    const what = [...Object.keys(edit.fields ?? {}), ...Object.keys(edit.relations ?? {})];
    await audited(call, 'record.changed', changed.recordId, {
      fields: what,
      ...given({ archived: edit.archived }),
    });
    return shown(call, 200, changed);
  },
});

export const archiveRecord = endpoint({
  method: 'delete',
  path: '/v1/records/{recordId}',
  tag: 'Records',
  summary: 'Archive a record; nothing is deleted for good',
  access: 'operator',
  params,
  headers: ifMatch,
  answers: { 200: { description: 'The archived record', schema: record } },
  errors: ['not_found', 'version_clash', 'precondition_required'],
  async handle(call) {
    const version = versionFrom(call.req.headers['if-match']);
    const archived = await changeRecord(call, call.params.recordId, version, { archived: true });
    await audited(call, 'record.archived', archived.recordId);
    return shown(call, 200, archived);
  },
});

async function shown(
  call: Pick<Call, 'deps' | 'caller'>,
  status: number,
  changed: StoredRecord,
): Promise<Reply> {
  const [view] = await viewRecords(call, [changed]);
  return { status, body: view, headers: { ETag: `"${changed.version}"` } };
}
