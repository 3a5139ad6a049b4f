import { linearProvider } from '../../../activities/providers/linear/provider.js';
import {
  ProviderFailure,
  type OpenConnection,
  type Session,
  type Since,
  type SourcePage,
} from '../../../activities/providers/provider.js';
import { issue, type FakeLinear, type Node } from './fake-linear.js';

export const KEY = 'lin_api_canary_of_ann';
export const never = new AbortController().signal;

export type Open = (more?: Partial<OpenConnection>, settings?: Record<string, unknown>) => Promise<Session>;

/** Opens sessions at a fake, and notes them so that a test can close them. */
export function opener(fake: FakeLinear, sessions: Session[]): Open {
  return async (more = {}, settings = {}) => {
    const session = await linearProvider.open({
      ...{ workspaceId: 'w1', appId: 'a1', settings: { apiUrl: fake.url, ...settings } },
      credentials: async () => ({ apiKey: KEY }),
      mapping: { objects: {}, owners: {}, statuses: {} },
      network: { allowPrivate: true, requestTimeoutMs: 10_000, maxResponseBytes: 200_000 },
      onRequest: () => undefined,
      ...more,
    });
    sessions.push(session);
    return session;
  };
}

export async function readAll(session: Session, from?: string | Since): Promise<SourcePage[]> {
  const pages: SourcePage[] = [];
  for await (const page of session.read('tasks', from, never)) pages.push(page);
  return pages;
}

export const idsOf = (pages: readonly SourcePage[]): string[] =>
  pages.flatMap(({ records }) => records.map(({ externalId }) => externalId));

export function sinceOf(pages: readonly SourcePage[]): Since {
  return { bookmark: pages.at(-1)?.bookmark ?? '' };
}

export async function failureOf(work: Promise<unknown>): Promise<ProviderFailure> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ProviderFailure) return error;
  throw new Error(`No failure of the provider: ${String(error)}`);
}

export const issues = (count: number): Node[] =>
  Array.from({ length: count }, (_, n) => issue(`i${String(n).padStart(4, '0')}`));
