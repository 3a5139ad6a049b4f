import type { ObjectName } from '../../workflows/contract/objects.js';
import type { ActivityDeps } from '../deps.js';
import type { Provider } from '../providers/provider.js';
import type { AppDoc } from '../store/documents.js';
import type { Finding, SinceDoc } from '../store/run-documents.js';

/**
 * Where a sync of each object starts. A bookmark of another account or of another format is not used: then everything is read, and
 * nothing is lost by it.
 */
export async function sinceOf(
  { store }: ActivityDeps,
  app: AppDoc,
  provider: Provider,
  origin: string,
  objects: readonly ObjectName[],
): Promise<{ since: Partial<Record<ObjectName, SinceDoc>>; warnings: Finding[] }> {
  const bookmarks = await store.bookmarks.list(app.workspaceId, app.appId);
  const since: Partial<Record<ObjectName, SinceDoc>> = {};
  const warnings: Finding[] = [];
  if (app.lastImportedAt === null && app.lastSyncedAt === null) {
    warnings.push({
      code: 'no_earlier_import',
      message: 'This app has imported nothing yet: this sync brings everything, as an import would.',
    });
  }
  for (const object of objects) {
    const found = bookmarks.find((bookmark) => bookmark.object === object);
    const version = provider.objects.find((offer) => offer.object === object)?.bookmarkVersion ?? 1;
    const why = found ? unusable(found, origin, version) : 'no accepted run has left a bookmark';
    if (found && why === null) {
      const { bookmark, runId, at } = found;
      since[object] = { bookmark, version: found.version, runId, at };
    } else {
      warnings.push({
        ...{ code: 'full_listing', object },
        message: `All ${object} are read, because ${why ?? ''}.`,
      });
    }
  }
  return { since, warnings };
}

function unusable(
  found: { origin: string; version: number },
  origin: string,
  version: number,
): string | null {
  if (found.origin !== origin) return 'the bookmark is of another account';
  return found.version === version ? null : 'the bookmark was written in another format';
}
