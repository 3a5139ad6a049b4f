import { ProviderFailure } from '../providers/provider.js';
import type { LoginDoc } from '../store/documents.js';
import type { Logins } from '../store/logins.js';
import type { Credentials } from '../store/store.js';
import { insisting } from './insist.js';
import { openLogin, sealLogin, tokensOfLogin } from './login-secret.js';
import type { SealContext, Sealer } from './seal.js';
import { clientSecretOf, openSecret, type Secret, type Tokens } from './stored.js';
import type { TokenEndpoint } from './token-endpoint.js';

/** The worker's side of log-ins: secrets are opened here and go no further than the provider. */
export interface LoginDesk {
  /**
   * Trades the code that came back for tokens and keeps them: the log-in is `exchanged` after it, or `failed`. A code is sent once at
   * the most; where it is not known whether it was sent, the log-in has failed. At any other status it comes back as it is.
   */
  exchange(login: LoginDoc): Promise<LoginDoc>;
  /** The access token of an `exchanged` log-in. */
  accessOf(login: LoginDoc): { accessToken: string };
  /** Ends it, and what it held is gone. It comes back as it then is: somebody else may have ended it otherwise. */
  fail(login: LoginDoc, failure: { code: string; message: string }): Promise<LoginDoc>;
  /** Asks the provider to forget the tokens of an app. Trouble is no error: they run out by themselves. False: nothing was there to give back, or it was refused. */
  giveBack(app: SealContext, revokeUrl: string): Promise<boolean>;
}

export interface LoginDeskDeps {
  store: { logins: Pick<Logins, 'get' | 'step'>; credentials: Pick<Credentials, 'get'> };
  sealer: Sealer;
  tokens: TokenEndpoint;
}

const AGAIN = 'Nothing was changed. Log in again: POST /v1/apps/{appId}/connect.';
const INTERRUPTED = `A worker was stopped while it traded the code of this log-in, and a code is good for one use. ${AGAIN}`;

export function createLoginDesk({ store, sealer, tokens }: LoginDeskDeps): LoginDesk {
  const { logins, credentials } = store;

  async function current(login: LoginDoc): Promise<LoginDoc> {
    const found = await logins.get(login.workspaceId, login.appId, login.loginId);
    if (found) return found;
    throw new ProviderFailure('superseded', `This log-in is not there any more. ${AGAIN}`);
  }

  async function fail(login: LoginDoc, failure: { code: string; message: string }): Promise<LoginDoc> {
    return (await logins.step(login, { status: 'failed', sealed: null, failure })) ?? (await current(login));
  }

  async function secretOf({ workspaceId, appId }: SealContext): Promise<Secret | null> {
    const doc = await credentials.get(workspaceId, appId);
    return doc && openSecret(sealer, { workspaceId, appId }, doc.sealed);
  }

  /** What is needed is looked for before the code counts as sent. */
  async function prepare(login: LoginDoc): Promise<{ trade: () => Promise<Tokens> }> {
    const secret = await secretOf(login);
    const clientSecret = secret ? clientSecretOf(secret) : undefined;
    if (clientSecret === undefined) {
      throw new ProviderFailure(
        'credentials_rejected',
        `The clientSecret of this app is missing, so nothing was sent. Enter it (PUT /v1/apps/{appId}/credentials), then log in again: POST /v1/apps/{appId}/connect.`,
      );
    }
    const held = openLogin(sealer, login);
    if (!('verifier' in held) || held.code === undefined)
      throw new ProviderFailure('credentials_rejected', AGAIN);
    const { tokenUrl, clientId, redirectUri } = login.place;
    const grant = { code: held.code, verifier: held.verifier, redirectUri };
    return { trade: () => tokens.exchange({ tokenUrl, clientId, clientSecret }, grant) };
  }

  return {
    async exchange(login) {
      if (login.status === 'exchanging')
        return fail(login, { code: 'login_interrupted', message: INTERRUPTED });
      if (login.status !== 'returned') return login;
      let taken: LoginDoc | null = null;
      let got: Tokens;
      try {
        const { trade } = await prepare(login);
        taken = await logins.step(login, { status: 'exchanging' });
        if (!taken) return await current(login);
        got = await trade();
      } catch (error) {
        if (!(error instanceof ProviderFailure)) throw error;
        return fail(taken ?? login, refusal(error));
      }
      const sealed = sealLogin(sealer, login, { tokens: got });
      const exchanging = taken;
      const kept = await insisting(() => logins.step(exchanging, { status: 'exchanged', sealed }));
      return kept ?? (await current(login));
    },
    accessOf: (login) => ({ accessToken: tokensOfLogin(sealer, login).accessToken }),
    fail,
    async giveBack(app, revokeUrl) {
      try {
        const secret = await secretOf(app);
        const clientSecret = secret ? clientSecretOf(secret) : undefined;
        if (!secret?.oauth || clientSecret === undefined) return false;
        const { clientId, refreshToken, accessToken } = secret.oauth;
        const client = { tokenUrl: revokeUrl, clientId, clientSecret };
        // The refresh token takes the whole grant with it where the provider does as the standard says (RFC 7009 §2.1).
        if (refreshToken !== undefined) await tokens.revoke(client, refreshToken, 'refresh_token');
        await tokens.revoke(client, accessToken, 'access_token');
        return true;
      } catch (error) {
        if (error instanceof ProviderFailure) return false;
        throw error;
      }
    },
  };
}

function refusal({ code, message }: ProviderFailure): { code: string; message: string } {
  if (code === 'token_revoked') {
    return {
      code: 'login_refused',
      message: `The provider did not accept the code of this log-in (it came late, or was used). ${AGAIN}`,
    };
  }
  if (!message.includes('/connect')) return { code, message: `${message} ${AGAIN}` };
  return { code, message: message.includes('Nothing was') ? message : `${message} Nothing was changed.` };
}
