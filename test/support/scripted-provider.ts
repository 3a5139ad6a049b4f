import { z } from 'zod';
import type {
  Account,
  AuthKind,
  Cursor,
  Provider,
  Session,
  SourcePage,
} from '../../activities/providers/provider.js';
import type { ObjectMapping, SourceRecord } from '../../activities/records/types.js';
import { OBJECTS, type ObjectName } from '../../workflows/contract/objects.js';

type Said = SourceRecord[] | SourcePage;

/** Records alone get the cursor of the answer after them; a whole page says its own. A function may fail or take its time. */
export type Answer = Said | ((signal: AbortSignal) => Said | Promise<Said>);

/** What the provider will say. A test changes it at any moment; each call sees it as it is then. */
export interface Script {
  answers: Partial<Record<ObjectName, Answer[]>>;
  account: Account | (() => Account);
  refused: Partial<Record<ObjectName, string>>;
  columns: Partial<Record<ObjectName, string[]>>;
  totals: Partial<Record<ObjectName, number>>;
  /** In place of looking the ids up in the answers. */
  get: ((object: ObjectName, ids: string[]) => SourceRecord[]) | null;
  /** Every page that was asked for: `contacts from 2`. */
  asked: string[];
  openSessions: number;
}

export interface ScriptedProvider {
  provider: Provider;
  script: Script;
}

const MAPPINGS: Partial<Record<ObjectName, ObjectMapping>> = {
  accounts: { fields: { name: 'name', domain: 'domain' } },
  products: { fields: { name: 'name', sku: 'sku' } },
  contacts: {
    fields: {
      name: 'name',
      email: 'email',
      title: 'title',
      status: 'status',
      owner: 'owner',
      account: { path: 'account', relation: 'accounts' },
    },
  },
};

/** A provider whose pages, errors and delays a test decides. Its cursors are the numbers of its answers. */
export function scriptedProvider(
  options: { id?: string; auth?: AuthKind[]; uniqueIds?: boolean } = {},
): ScriptedProvider {
  const { id = 'scripted', auth = ['api_key'], uniqueIds = true } = options;
  const script: Script = {
    ...{ answers: {}, account: { id: `${id}-account`, name: 'Scripted Ltd' } },
    ...{ refused: {}, columns: {}, totals: {}, get: null, asked: [], openSessions: 0 },
  };
  const provider: Provider = {
    ...{ id, name: 'Scripted', auth, actions: { import: true, sync: false }, addressSettings: [] },
    settings: z.looseObject({}),
    credentials: z.looseObject({}),
    objects: OBJECTS.map((object) => ({
      object,
      nameAtProvider: object,
      ...(MAPPINGS[object] ? { defaultMapping: MAPPINGS[object] } : {}),
      ...({ changes: 'none', deletions: 'none' } as const),
      uniqueIds,
    })),
    open: async (connection) => {
      script.openSessions += 1;
      return session(script, () => connection.onRequest({ bytes: 100, milliseconds: 1, status: 200 }));
    },
  };
  return { provider, script };
}

function session(script: Script, onRequest: () => void): Session {
  async function* read(
    object: ObjectName,
    from: Cursor | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<SourcePage> {
    let cursor = from;
    do {
      const number = Number(cursor ?? 0);
      script.asked.push(`${object} from ${number}`);
      onRequest();
      const answers = script.answers[object] ?? [[]];
      const answer = answers[number];
      if (!answer) return;
      const said = typeof answer === 'function' ? await answer(signal) : answer;
      signal.throwIfAborted();
      const page = Array.isArray(said) ? withNext(said, number, answers.length) : said;
      yield page;
      cursor = page.next;
    } while (cursor !== undefined);
  }

  return {
    read,
    identity: async () => ({
      account: typeof script.account === 'function' ? script.account() : script.account,
      objects: OBJECTS.map((object) => {
        const why = script.refused[object];
        return { object, granted: why === undefined, ...(why === undefined ? {} : { why }) };
      }),
    }),
    get: async (object, ids) => (script.get ?? ((...asked) => known(script, ...asked)))(object, ids),
    total: async (object) => script.totals[object],
    columns: async (object) =>
      script.columns[object] ?? ['name', 'email', 'title', 'status', 'owner', 'account', 'domain', 'sku'],
    urlOf: (object, externalId) => `https://scripted.example/${object}/${externalId}`,
    close: async () => {
      script.openSessions -= 1;
    },
  };
}

function withNext(records: SourceRecord[], number: number, answers: number): SourcePage {
  return number + 1 < answers ? { records, next: String(number + 1) } : { records };
}

function known(script: Script, object: ObjectName, ids: string[]): SourceRecord[] {
  const all = (script.answers[object] ?? []).flatMap((answer) => (Array.isArray(answer) ? answer : []));
  return all.filter((record) => ids.includes(record.externalId));
}

/** People number `from` and following; the same number is the same person. */
export function people(count: number, from = 1, more: Record<string, string> = {}): SourceRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const number = from + index;
    const data = { name: `Person ${number}`, email: `p${number}@people.example`, ...more };
    return { externalId: `P${number}`, data };
  });
}

export function companies(count: number, from = 1): SourceRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const number = from + index;
    return { externalId: `C${number}`, data: { name: `Company ${number}`, domain: `c${number}.example` } };
  });
}
