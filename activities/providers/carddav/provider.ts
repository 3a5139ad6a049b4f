import { createHttp } from '../http.js';
import { ProviderFailure } from '../provider.js';
import type { Cursor, Identity, OpenConnection, Provider, Session, Since } from '../provider.js';
import type { SourceRecord } from '../../records/types.js';
import { createBookReader } from './book.js';
import type { BookReader } from './book.js';
import { createDavClient } from './client.js';
import { carddav, carddavCredentials, carddavSettings } from './describe.js';
import type { CardDavCredentials } from './describe.js';
import { chooseBook } from './choosing.js';
import { discover } from './discovery.js';
import type { Book, Found } from './found.js';
import { serverUrl } from './hrefs.js';
import { findAccounts, findContacts } from './looking-up.js';
import { readAccounts } from './reading.js';
import { readContacts } from './reading-contacts.js';

/** A server may need minutes to list a large book for the first time, and a count is not worth that wait. */
const COUNT_MS = 8_000;

type Place = Found & { book: Book; reader: BookReader };

/** CardDAV (RFC 6352) with any server: discovery, listing, multiget. It only ever reads. */
export const carddavProvider: Provider = { ...carddav, open };

async function open(connection: OpenConnection): Promise<Session> {
  const settings = carddavSettings.parse(connection.settings);
  let secrets: readonly string[] = [];
  const http = createHttp({
    network: connection.network,
    onRequest: (traffic) => connection.onRequest(traffic),
    secrets: () => secrets,
  });
  const credentials = async (): Promise<CardDavCredentials> => {
    const parsed = carddavCredentials.safeParse(await connection.credentials());
    if (!parsed.success) {
      throw new ProviderFailure(
        'credentials_rejected',
        'User name and password are missing. Enter them again.',
      );
    }
    const { username, password } = parsed.data;
    secrets = [password, `${username}:${password}`];
    return parsed.data;
  };
  const client = createDavClient(http, credentials);
  let place: Place | undefined;

  async function find(signal: AbortSignal): Promise<Place> {
    if (place !== undefined) return place;
    const { username } = await credentials();
    const found = await discover(client, serverUrl(settings.url), username, signal);
    const book = chooseBook(found, settings.addressBook);
    const reader = createBookReader(client, book, connection.network);
    place = { ...found, book, reader };
    return place;
  }

  async function* read(object: string, from: Cursor | Since | undefined, signal: AbortSignal) {
    const { reader } = await find(signal);
    const args = { book: reader, from, limit: connection.limit, signal };
    yield* object === 'accounts' ? readAccounts(args) : readContacts(args);
  }

  return {
    identity: async (signal) => toIdentity(await find(signal)),
    read,
    async get(object, externalIds, signal): Promise<SourceRecord[]> {
      const { reader, book } = await find(signal);
      if (object === 'accounts') return findAccounts(reader, externalIds, signal);
      return findContacts(reader, book, externalIds, signal);
    },
    async total(object, signal) {
      if (object !== 'contacts') return undefined;
      const { reader } = await find(signal);
      const patience = AbortSignal.timeout(COUNT_MS);
      try {
        return (await reader.list(AbortSignal.any([signal, patience]))).length;
      } catch (error) {
        signal.throwIfAborted();
        if (patience.aborted) return undefined;
        throw error;
      }
    },
    close: () => http.close(),
  };
}

function toIdentity({ principal, accountName, book }: Place): Identity {
  const granted = book.readable !== false;
  const why = `The credentials may not read the address book "${book.name}". Give them the permission there.`;
  return {
    account: { id: principal.href, name: accountName },
    objects: carddav.objects.map(({ object }) => (granted ? { object, granted } : { object, granted, why })),
  };
}
