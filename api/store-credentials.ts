import { placeOf } from '../activities/connections/authorization.js';
import { openSecret, sealSecret, standsAlone, type Secret } from '../activities/connections/stored.js';
import { ProviderFailure } from '../activities/providers/provider.js';
import type { AppDoc, CredentialsDoc } from '../activities/store/documents.js';
import type { Call } from './endpoint.js';
import { Problem } from './errors.js';
import { audited, describedBy } from './lookup.js';

const TRIES = 5;

/**
 * Seals and stores; from here on nobody can read them but a worker. `credentials` were checked against the provider's schema. A client's
 * secret entered anew takes no log-in away; anything else that is entered takes its place.
 */
export async function storeCredentials(
  call: Pick<Call, 'deps' | 'caller' | 'now' | 'token'>,
  app: AppDoc,
  credentials: unknown,
): Promise<void> {
  const { deps, caller, now } = call;
  const { workspaceId, appId } = app;
  await put(call, app, credentials as Record<string, unknown>);
  await deps.store.apps.patch(workspaceId, appId, { credentials: { enteredAt: now, by: caller.actor } });
  await audited(call, 'credentials.entered', appId);
}

/** Written over exactly what was read: tokens that are renewed or confirmed at this moment are not lost. */
async function put(call: Pick<Call, 'deps'>, app: AppDoc, entered: Secret['entered']): Promise<void> {
  const { credentials } = call.deps.store;
  const { workspaceId, appId } = app;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const there = await credentials.get(workspaceId, appId);
    const oauth = there && tokensToKeep(call, app, entered, there);
    const sealed = sealSecret(call.deps.sealer, app, { entered, oauth });
    if (!there) return credentials.put({ workspaceId, appId, sealed });
    if (await credentials.replace(there, sealed)) return;
  }
  throw new Problem(
    'changed_meanwhile',
    'The credentials were changed again and again by others meanwhile. Nothing was stored. Send them again.',
  );
}

function tokensToKeep(
  { deps }: Pick<Call, 'deps'>,
  app: AppDoc,
  entered: Secret['entered'],
  there: CredentialsDoc,
): Secret['oauth'] {
  const offer = describedBy(deps.descriptions, app.providerId).oauth;
  if (!offer || standsAlone(entered)) return null;
  try {
    const { oauth } = openSecret(deps.sealer, app, there.sealed);
    const place = placeOf(offer, app.settings, '');
    const ours = oauth?.clientId === place?.clientId && oauth?.tokenUrl === place?.tokenUrl;
    return ours ? oauth : null;
  } catch (error) {
    // What cannot be opened any more is what is being entered anew.
    if (error instanceof ProviderFailure) return null;
    throw error;
  }
}
