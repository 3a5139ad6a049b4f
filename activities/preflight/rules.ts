import type { ObjectName } from '../../workflows/contract/objects.js';
import type { ActivityDeps } from '../deps.js';
import type { Provider } from '../providers/provider.js';
import { effectiveMapping } from '../records/effective-mapping.js';
import { rulesVersion } from '../records/hash.js';
import type { Mapping, ObjectMapping, Rules } from '../records/types.js';
import type { AppDoc, FileDoc } from '../store/documents.js';
import type { Finding, PinnedDoc } from '../store/run-documents.js';

export interface Pins {
  rules: Rules;
  mappingVersion: number;
  files: PinnedDoc['files'];
  locales: PinnedDoc['locales'];
  blockers: Finding[];
  warnings: Finding[];
}

/** What a run will depend on, as it is now: file, mapping, policies, settings, members. */
export async function rulesOf(
  deps: ActivityDeps,
  app: AppDoc,
  provider: Provider,
  args: { objects: ObjectName[]; adoptProposal: boolean },
): Promise<Pins> {
  const { store } = deps;
  const isFiles = provider.auth.includes('file');
  const files = isFiles ? await usableFiles(deps, app, args.objects) : new Map<ObjectName, FileDoc>();
  const own = withProposals(app, files);
  if (args.adoptProposal && own.adopted) {
    await store.mappings.keep(app);
    await store.apps.patch(app.workspaceId, app.appId, {
      mapping: own.mapping,
      mappingSet: { at: deps.now().toISOString(), by: null },
      mappingVersion: app.mappingVersion + 1,
    });
  }
  const [members, workspace] = await Promise.all([
    store.members.active(app.workspaceId),
    store.workspaces.get(app.workspaceId),
  ]);
  const mapping = effectiveMapping(provider.objects, own.mapping);
  const settings = app.settings as { locale?: string; timeZone?: string };
  const parts: Omit<Rules, 'version'> = {
    mapping,
    policies: app.policies,
    members: {
      byEmail: Object.fromEntries(members.map((member) => [member.email.toLowerCase(), member.memberId])),
      ids: members.map((member) => member.memberId),
    },
    locale: settings.locale ?? null,
    timeZone: settings.timeZone ?? null,
    country: workspace?.country ?? null,
  };
  return {
    rules: { ...parts, version: rulesVersion(parts) },
    mappingVersion: app.mappingVersion + (own.adopted ? 1 : 0),
    files: Object.fromEntries([...files].map(([object, file]) => [object, file.fileId])),
    locales: Object.fromEntries(
      [...files].flatMap(([object, file]) => (file.result?.locale ? [[object, file.result.locale]] : [])),
    ),
    blockers: isFiles ? noFileBlockers(args.objects, files) : [],
    warnings: [...files].flatMap(([object, file]) =>
      (own.adopted ? (file.result?.mappingWhy ?? []) : []).map((message) => ({
        ...{ code: 'mapping_proposed', object, message },
      })),
    ),
  };
}

/** The pinned rules as one object's source is to be read: a file may write numbers and dates in its own way. */
export function forObject(rules: Rules, locales: PinnedDoc['locales'], object: ObjectName): Rules {
  const locale = locales[object];
  return locale === undefined ? rules : { ...rules, locale, version: `${rules.version}/${locale}` };
}

async function usableFiles(
  { store }: ActivityDeps,
  app: AppDoc,
  objects: ObjectName[],
): Promise<Map<ObjectName, FileDoc>> {
  const files = new Map<ObjectName, FileDoc>();
  for (const object of objects) {
    const file = await store.files.newest(app.workspaceId, app.appId, object);
    if (file?.inspection === 'done') files.set(object, file);
  }
  return files;
}

/** An object without a mapping of the app's own takes the proposal of its file, which the start has judged clear. */
function withProposals(app: AppDoc, files: Map<ObjectName, FileDoc>): { mapping: Mapping; adopted: boolean } {
  const proposals: [ObjectName, ObjectMapping][] = [...files].flatMap(([object, file]) =>
    !app.mapping.objects[object] && file.result?.proposedMapping
      ? [[object, file.result.proposedMapping] as [ObjectName, ObjectMapping]]
      : [],
  );
  const objects = { ...app.mapping.objects, ...Object.fromEntries(proposals) };
  return { mapping: { ...app.mapping, objects }, adopted: proposals.length > 0 };
}

function noFileBlockers(objects: ObjectName[], files: Map<ObjectName, FileDoc>): Finding[] {
  return objects
    .filter((object) => !files.has(object))
    .map((object) => ({
      ...{ code: 'file_unreadable', object },
      message: `There is no readable file of ${object} any more. Nothing was written. Upload one and start again.`,
    }));
}
