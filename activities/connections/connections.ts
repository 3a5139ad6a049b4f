import { setTimeout as sleep } from 'node:timers/promises';
import { ProviderFailure, type OAuthAccess } from '../providers/provider.js';
import type { CredentialsDoc } from '../store/documents.js';
import type { Credentials } from '../store/store.js';
import { insisting } from './insist.js';
import type { SealContext, Sealer } from './seal.js';
import { NotLoggedIn } from './not-logged-in.js';
import { clientSecretOf, openSecret, sealSecret, standsAlone } from './stored.js';
import type { Secret, Tokens } from './stored.js';
import type { TokenEndpoint } from './token-endpoint.js';

/** What is needed of the store. `store.credentials` is one. */
export type CredentialStore = Pick<Credentials, 'get' | 'put' | 'remove' | 'replace' | 'lease' | 'release'>;

/** Longer than a request for tokens may take, so that it runs out only under a process that died. */
const LEASE_MS = 40_000;
/** Renewed so long before its end, or at half its life where it lives shorter. */
const AHEAD_MS = 60_000;
const LOOK_AGAIN_MS = 150;

/** The credentials of apps. Nothing is kept in memory, so that what is entered or renewed in one process counts in all. */
export interface Connections {
  /** Replaces what was there, tokens too. The caller has validated the shape against the provider's schema. */
  put(app: SealContext, entered: Record<string, unknown>): Promise<void>;
  /**
   * What was entered; `{ accessToken }` where somebody logged in. `rejected`: a token that the provider refused just now; another one is
   * got, once, by whoever of all processes takes the lease. Throws a `ProviderFailure` (`credentials_rejected`, `token_revoked`, or what
   * the token endpoint says).
   */
  open(app: SealContext, rejected?: OAuthAccess): Promise<unknown>;
  /** Safe to repeat. */
  remove(app: SealContext): Promise<void>;
}

export interface ConnectionsDeps {
  store: CredentialStore;
  sealer: Sealer;
  tokens: TokenEndpoint;
  now: () => Date;
  newId: () => string;
}

interface Read {
  doc: CredentialsDoc;
  secret: Secret;
}

export function createConnections(deps: ConnectionsDeps): Connections {
  const { store, sealer } = deps;

  async function read(app: SealContext): Promise<Read> {
    const doc = await store.get(app.workspaceId, app.appId);
    if (doc === null) throw rejected('This app has no credentials. Enter them, then check the connection.');
    return { doc, secret: openSecret(sealer, app, doc.sealed) };
  }

  async function open(app: SealContext, refused?: OAuthAccess): Promise<unknown> {
    for (;;) {
      const found = await read(app);
      const { entered, oauth } = found.secret;
      if (oauth === null) {
        if (standsAlone(entered)) return entered;
        throw new NotLoggedIn();
      }
      const due = dueFor(oauth, deps.now().getTime(), refused?.accessToken);
      if (due === 'no') return { accessToken: oauth.accessToken };
      const renewed = await renew(app, found, oauth, due);
      if (renewed !== null) return { accessToken: renewed };
      await sleep(LOOK_AGAIN_MS);
    }
  }

  /** Null: somebody else is at it, or was faster. */
  async function renew(
    app: SealContext,
    { doc }: Read,
    old: Tokens,
    due: 'soon' | 'now',
  ): Promise<string | null> {
    const holder = deps.newId();
    const lease = await store.lease(app.workspaceId, app.appId, holder, LEASE_MS);
    if (lease === null) return due === 'soon' ? old.accessToken : null;
    try {
      const now = await read(app);
      // Somebody renewed or entered others between our look and our turn.
      if (now.doc.version !== doc.version || now.doc.sealed.iv !== doc.sealed.iv) return null;
      return await renewNow(app, now, old, lease.abandoned);
    } catch (error) {
      // A provider that is away does not take a token away that still lives.
      if (due === 'soon' && error instanceof ProviderFailure && error.code !== 'token_revoked')
        return old.accessToken;
      throw error;
    } finally {
      await store.release(app.workspaceId, app.appId, holder);
    }
  }

  /** The rotated refresh token is stored before the access token that came with it is used. */
  async function renewNow(
    app: SealContext,
    { doc, secret }: Read,
    old: Tokens,
    abandoned: boolean,
  ): Promise<string | null> {
    if (old.revoked) throw new ProviderFailure('token_revoked', old.revoked.message);
    const clientSecret = clientSecretOf(secret);
    const { refreshToken, tokenUrl, clientId } = old;
    if (refreshToken === undefined) throw new ProviderFailure('token_revoked', ended(old));
    if (clientSecret === undefined)
      throw rejected('The clientSecret of this app is missing. Enter it again.');
    let fresh: Tokens;
    try {
      fresh = await deps.tokens.refresh({ tokenUrl, clientId, clientSecret }, { ...old, refreshToken });
    } catch (error) {
      if (!(error instanceof ProviderFailure) || error.code !== 'token_revoked') throw error;
      const message = abandoned ? lost(old) : ended(old);
      const revoked = { at: deps.now().getTime(), message };
      // Somebody entered or got others meanwhile: those count.
      if (!(await keep(app, { doc, secret }, old, { ...old, revoked }))) return null;
      throw new ProviderFailure('token_revoked', message);
    }
    return (await keep(app, { doc, secret }, old, fresh)) ? fresh.accessToken : null;
  }

  /**
   * Whatever else was written beside the old tokens meanwhile stays (the client's secret entered anew, all of it sealed anew): the new
   * ones exist nowhere else, and the provider forgets the old ones. False: other tokens took the place of the old ones.
   */
  function keep(app: SealContext, first: Read, old: Tokens, next: Tokens): Promise<boolean> {
    let found: Read | null = first;
    return insisting(async () => {
      for (;;) {
        const { doc, secret } = (found ??= await read(app));
        const there = secret.oauth;
        if (there !== null && areSame(there, next)) return true;
        if (there === null || !areSame(there, old)) return false;
        const sealed = sealSecret(sealer, app, { ...secret, oauth: next });
        // Asked again, also where the answer was lost: it is looked first whether it is there.
        found = null;
        if (await store.replace(doc, sealed)) return true;
      }
    });
  }

  return {
    put: ({ workspaceId, appId }, entered) =>
      store.put({
        workspaceId,
        appId,
        sealed: sealSecret(sealer, { workspaceId, appId }, { entered, oauth: null }),
      }),
    open,
    remove: (app) => store.remove(app.workspaceId, app.appId),
  };
}

function areSame(one: Tokens, other: Tokens): boolean {
  return (
    one.accessToken === other.accessToken &&
    one.obtainedAt === other.obtainedAt &&
    one.revoked?.at === other.revoked?.at
  );
}

/** `soon`: it still lives, but not for long. By our own clock alone, from when the answer came: the provider's may say anything. */
function dueFor(tokens: Tokens, now: number, refused: string | undefined): 'no' | 'soon' | 'now' {
  if (tokens.revoked || tokens.accessToken === refused) return 'now';
  if (tokens.expiresAt === undefined) return 'no';
  if (tokens.expiresAt <= now) return 'now';
  const ahead = Math.min(AHEAD_MS, (tokens.expiresAt - tokens.obtainedAt) / 2);
  return tokens.expiresAt - ahead > now || tokens.refreshToken === undefined ? 'no' : 'soon';
}

const AGAIN = 'What was read so far is kept. Log in again: POST /v1/apps/{appId}/connect.';

function ended({ tokenUrl }: Tokens): string {
  return `${new URL(tokenUrl).host} does not accept the log-in of this app any more (it was revoked there, or has run out). ${AGAIN}`;
}

function lost({ tokenUrl }: Tokens): string {
  return `A worker was stopped while it renewed the log-in of this app, and ${new URL(tokenUrl).host} does not accept the earlier one any more. ${AGAIN}`;
}

function rejected(why: string): ProviderFailure {
  return new ProviderFailure('credentials_rejected', `${why} Nothing was read or written.`);
}
