import type { ProviderDescription } from '../activities/providers/provider.js';
import { effectiveMapping } from '../activities/records/effective-mapping.js';
import { patchMapping, type MappingPatch } from '../activities/records/mapping-schema.js';
import { patchPolicies, policiesSchema, type PoliciesPatch } from '../activities/records/policies.js';
import type { Mapping, Policies } from '../activities/records/types.js';
import { validateMapping } from '../activities/records/validate-mapping.js';
import type { AppDoc, ConnectionState } from '../activities/store/documents.js';
import { inRunOrder, type ObjectName } from '../workflows/contract/objects.js';
import type { Call } from './endpoint.js';
import { Problem, invalidRequest, type Issue } from './errors.js';
import { appOf } from './lookup.js';

/** What a new or a moved app's connection is: an app that needs no credentials is ready from the start. */
export function freshConnection({ auth }: ProviderDescription, app: { appId: string }): ConnectionState {
  if (auth.includes('file')) return ready({ id: app.appId, name: 'Files' });
  if (auth.every((kind) => kind === 'none')) return ready(null);
  return { status: 'not_connected', account: null, checkedAt: null, problems: [] };
}

function ready(account: ConnectionState['account']): ConnectionState {
  return { status: 'ready', account, checkedAt: null, problems: [] };
}

/** Throws 400 with paths below `settings`. */
export function checkSettings({ settings }: ProviderDescription, value: unknown): Record<string, unknown> {
  const parsed = settings.safeParse(value);
  if (parsed.success) return parsed.data as Record<string, unknown>;
  throw invalidRequest('body.settings', parsed.error);
}

/** Throws 400 with paths; the values, which are secrets, are in no message. */
export function checkCredentials(description: ProviderDescription, value: unknown, at: string): unknown {
  if (description.auth.every((kind) => kind === 'none' || kind === 'file')) {
    throw new Problem(
      'action_not_supported',
      `${description.name} needs no credentials. Nothing was stored. Leave them out.`,
    );
  }
  const parsed = description.credentials.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalidRequest(at, parsed.error);
}

/** In run order. Throws 422 for an object that the provider does not offer. */
export function checkScope(description: ProviderDescription, scope: readonly ObjectName[]): ObjectName[] {
  const offered = description.objects.map(({ object }) => object);
  const strange = scope.filter((object) => !offered.includes(object));
  if (strange.length === 0) return inRunOrder(scope);
  throw new Problem(
    'object_out_of_scope',
    `${description.name} does not offer ${strange.join(', ')}; it offers ${offered.join(', ')}. Nothing was changed. Leave it out.`,
    { objects: strange, offered },
  );
}

/** Throws 400 for a field that no object has. */
export function changePolicies(current: Policies, patch: PoliciesPatch): Policies {
  const parsed = policiesSchema.safeParse(patchPolicies(current, patch));
  if (parsed.success) return parsed.data;
  throw invalidRequest('body.policies', parsed.error);
}

/** Throws 422 with paths where the mapping could not work. A file's columns are checked when a run starts. */
export function changeMapping(
  description: ProviderDescription,
  current: Mapping,
  patch: MappingPatch,
): Mapping {
  const changed = patchMapping(current, patch);
  const found = validateMapping(effectiveMapping(description.objects, changed), {
    objects: description.objects.map(({ object }) => object),
    isFile: description.auth.includes('file'),
  });
  if (found.length === 0) return changed;
  const issues: Issue[] = found.map(({ path, message }) => ({
    path: ['body', 'mapping', ...path].join('.'),
    message,
  }));
  throw new Problem(
    'mapping_invalid',
    `${issues.map(({ message }) => message).join(' ')} The mapping was not changed. Correct it and send it again.`,
    { issues },
  );
}

const TRIES = 5;

/**
 * Reads the app, changes it and writes it back, guarded by its revision, and again when somebody was faster. `change` may throw a
 * `Problem`; it must not touch the app that it is given.
 */
export async function changeApp(
  call: Pick<Call<{ appId: string }>, 'deps' | 'caller' | 'params'>,
  change: (app: AppDoc) => AppDoc,
): Promise<{ before: AppDoc; after: AppDoc }> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const before = await appOf(call);
    const after = await call.deps.store.apps.replace(change(before));
    if (after) return { before, after };
  }
  throw new Problem(
    'changed_meanwhile',
    'The app was changed again and again by others meanwhile. Nothing was changed by this request. Send it again.',
  );
}
