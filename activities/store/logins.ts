import type { AppDoc, CredentialsDoc, LoginDoc, SealedSecret } from './documents.js';

/** Log-ins at OAuth providers. They vanish after a day. */
export interface Logins {
  /** A repeat changes nothing. */
  insert(login: LoginDoc): Promise<void>;
  byState(stateHash: string): Promise<LoginDoc | null>;
  get(workspaceId: string, appId: string, loginId: string): Promise<LoginDoc | null>;
  /** Changes it if its status is still the one that was read, so that each step is taken once. Null: it is not, nothing was written. */
  step(
    login: Pick<LoginDoc, 'workspaceId' | 'appId' | 'loginId' | 'status'>,
    change: Partial<Pick<LoginDoc, 'status' | 'sealed' | 'account' | 'failure'>>,
  ): Promise<LoginDoc | null>;
  /**
   * One transaction: the log-in is `confirmed`, its tokens are the app's credentials, and the app is as given. False: the log-in is not
   * `pending` any more, the app has another revision, or other credentials than were read (`over`); nothing was written.
   */
  confirm(args: {
    login: Pick<LoginDoc, 'workspaceId' | 'appId' | 'loginId'>;
    sealed: SealedSecret;
    over: CredentialsDoc | null;
    app: AppDoc;
  }): Promise<boolean>;
  /** Of all workspaces, begun before this time and neither confirmed nor failed: for the sweeper. */
  stale(before: string, limit: number): Promise<LoginDoc[]>;
  /** With what is sealed in them. */
  removeAll(workspaceId: string, appId: string): Promise<void>;
}
