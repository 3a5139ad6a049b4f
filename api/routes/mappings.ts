import { z } from 'zod';
import { OBJECT_NAMES } from '../../activities/records/objects.js';
import {
  proposeOwner,
  proposeStatus,
  type ProposedTarget,
} from '../../activities/records/propose-targets.js';
import type { MappingDoc, MemberDoc } from '../../activities/store/documents.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import { ask } from '../ask.js';
import { endpoint } from '../endpoint.js';
import { Problem } from '../errors.js';
import { appOf, describedBy } from '../lookup.js';
import { mappingWarnings } from '../mapping-warnings.js';
import { workerSilent } from '../problem-of.js';
import { objectsToLookAt } from './connection.js';
import { mappingWarning, type MappingWarning } from '../shapes/app.js';
import { actor, id, listOf, listQuery, objectName, orNull, pageOf, time } from '../shapes/common.js';

const params = z.strictObject({ appId: id });
const LOOK_MS = 28_000;

const mappingVersion = z
  .object({
    version: z.int(),
    current: z.boolean(),
    at: time.nullable().meta({ description: 'null: as the app was installed' }),
    by: orNull(actor).meta({ description: "null: the provider's own, or the proposal of a file was taken" }),
    mapping: z.looseObject({}).meta({ description: "What was set over the provider's defaults" }),
    warnings: z
      .array(mappingWarning)
      .optional()
      .meta({ description: 'Of the current one: columns that it names and the newest file lacks' }),
  })
  .meta({ id: 'MappingVersion' });

export const listMappings = endpoint({
  method: 'get',
  path: '/v1/apps/{appId}/mappings',
  tag: 'Apps',
  summary: "The versions of an app's mapping, newest first, with who set each and when",
  access: 'viewer',
  params,
  query: z.strictObject(listQuery),
  answers: { 200: { description: 'Versions', schema: listOf(mappingVersion) } },
  errors: ['not_found', 'invalid_cursor'],
  async handle(call) {
    const app = await appOf(call);
    const { store } = call.deps;
    // The one it has now may not be kept yet: it is put there first, so that one list holds all.
    await store.mappings.keep(app);
    const found = await store.mappings.list(app.workspaceId, app.appId, pageOf(call.query));
    const warnings = await mappingWarnings(
      call.deps,
      app,
      describedBy(call.deps.descriptions, app.providerId),
    );
    const items = found.items.map((doc) => view(doc, app.mappingVersion, warnings));
    return { status: 200, body: { items, nextCursor: found.nextCursor } };
  },
});

function view(
  { version, at, by, mapping }: MappingDoc,
  current: number,
  warnings: MappingWarning[],
): z.infer<typeof mappingVersion> {
  const isCurrent = version === current;
  return { version, current: isCurrent, at, by, mapping: { ...mapping }, ...(isCurrent && { warnings }) };
}

const proposal = {
  value: z.string(),
  count: z.int().meta({ description: 'How often it was seen in the sample' }),
  proposed: z.string().nullable().meta({ description: 'Member id or status; null where nobody can tell' }),
  by: orNull(z.enum(['email', 'name', 'meaning', 'likeness'])).meta({ description: 'Why, the surest first' }),
};
const proposals = z
  .object({
    mappingVersion: z.int(),
    owners: z.array(z.object(proposal)),
    statuses: z.array(z.object({ object: objectName, ...proposal })),
    mapping: z
      .object({ owners: z.record(z.string(), z.string()), statuses: z.looseObject({}) })
      .meta({ description: 'What is proposed as it can be sent in a PATCH of the app' }),
    blockers: z.array(z.looseObject({ code: z.string(), message: z.string() })),
  })
  .meta({ id: 'ProposedTargets' });

export const proposeTargets = endpoint({
  method: 'post',
  path: '/v1/apps/{appId}/mapping/propose',
  tag: 'Apps',
  summary:
    'Owners and statuses that a sample of the source has and nothing maps yet, with what each may mean',
  description: 'Looks at the first page of each object, as a preflight does. Nothing is changed.',
  access: 'operator',
  params,
  body: z.strictObject({ objects: z.array(objectName).min(1).optional() }),
  answersWithinMs: 31_000,
  answers: { 200: { description: 'Proposals', schema: proposals } },
  errors: ['not_found', 'object_out_of_scope', 'worker_unavailable', 'temporal_unavailable'],
  async handle(call) {
    const app = await appOf(call);
    const { deps } = call;
    const { workspaceId, appId } = app;
    const objects = call.body.objects ?? app.scope;
    const outside = objects.filter((object) => !app.scope.includes(object));
    if (outside.length > 0) {
      throw new Problem(
        'object_out_of_scope',
        `${outside.join(', ')}: not in this app's scope (${app.scope.join(', ')}). Nothing was looked at. Leave it out, or add it to the scope.`,
        { objects: outside, scope: app.scope },
      );
    }
    const looked = await objectsToLookAt(deps, app, call.body.objects ?? null);
    if (looked instanceof Problem) {
      const blockers = [{ code: looked.code, message: looked.message, ...looked.fields }];
      const nothing = proposed({ warnings: [], blockers }, []);
      return { status: 200, body: { mappingVersion: app.mappingVersion, ...nothing } };
    }
    const question = { about: 'preflight', workspaceId, appId, objects: looked } as const;
    const answer = await ask(deps, question, LOOK_MS);
    if (!answer) throw workerSilent();
    const members = await deps.store.members.active(workspaceId);
    const seen =
      'result' in answer ? seenIn(answer.result) : { warnings: [], blockers: [{ ...answer.error }] };
    return { status: 200, body: { mappingVersion: app.mappingVersion, ...proposed(seen, members) } };
  },
});

const values = z.array(z.object({ value: z.string(), count: z.int() }));
const unmapped = z.looseObject({
  code: z.enum(['owner_unmapped', 'status_unmapped']),
  object: z.enum(OBJECT_NAMES),
  values,
});
const findings = z.object({
  warnings: z.array(z.unknown()),
  blockers: z.array(z.looseObject({ code: z.string(), message: z.string() })),
});

interface Seen {
  warnings: z.infer<typeof unmapped>[];
  blockers: z.infer<typeof findings>['blockers'];
}

function seenIn(result: unknown): Seen {
  const { warnings, blockers } = findings.parse(result);
  return { warnings: warnings.flatMap((each) => unmapped.safeParse(each).data ?? []), blockers };
}

function proposed(
  { warnings, blockers }: Seen,
  members: readonly MemberDoc[],
): Omit<z.infer<typeof proposals>, 'mappingVersion'> {
  const counts = new Map<string, number>();
  for (const { code, values: found } of warnings)
    if (code === 'owner_unmapped')
      for (const { value, count } of found) counts.set(value, (counts.get(value) ?? 0) + count);
  const owners = [...counts].map(([value, count]) => told(value, count, proposeOwner(value, members)));
  const statuses = warnings.flatMap(({ code, object, values: found }) =>
    code === 'status_unmapped'
      ? found.map(({ value, count }) => ({ object, ...told(value, count, proposeStatus(object, value)) }))
      : [],
  );
  const byObject: Partial<Record<ObjectName, Record<string, string>>> = {};
  for (const { object, value, proposed: status } of statuses)
    if (status !== null) byObject[object] = { ...byObject[object], [value]: status };
  const toMembers = owners.flatMap(({ value, proposed: member }) =>
    member === null ? [] : [[value, member]],
  );
  const mapping = { owners: Object.fromEntries(toMembers) as Record<string, string>, statuses: byObject };
  return { owners, statuses, mapping, blockers };
}

function told(
  value: string,
  count: number,
  found: ProposedTarget | null,
): { value: string; count: number; proposed: string | null; by: ProposedTarget['by'] | null } {
  return { value, count, proposed: found?.target ?? null, by: found?.by ?? null };
}
