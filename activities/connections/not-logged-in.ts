import { ProviderFailure } from '../providers/provider.js';

/** The client's secret was entered, and nobody has logged in with it: no fault, the next step is a person's. */
export class NotLoggedIn extends ProviderFailure {
  constructor() {
    super('credentials_rejected', NOT_LOGGED_IN);
  }
}

export const NOT_LOGGED_IN =
  'The client secret is kept, but nobody has logged in at the provider yet. Nothing was read or written. Log in: POST /v1/apps/{appId}/connect, open the address that it answers, then confirm.';
