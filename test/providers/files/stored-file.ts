import { inspectFile } from '../../../activities/providers/files/inspect.js';
import type { InspectArgs, Inspected, Inspection } from '../../../activities/providers/files/inspect.js';
import { createFilesProvider } from '../../../activities/providers/files/provider.js';
import type {
  FileChunk,
  FileReader,
  Provider,
  Session,
  SourcePage,
} from '../../../activities/providers/provider.js';
import type { ObjectMapping, SourceRecord } from '../../../activities/records/types.js';
import type { ObjectName } from '../../../workflows/contract/objects.js';
import { stored } from '../formats/source.js';

const signal = new AbortController().signal;

type Said = Partial<Pick<InspectArgs, 'kind' | 'object' | 'hints' | 'settings'>>;

export interface Upload {
  inspected: Inspected;
  inspection: Inspection;
  chunks: FileChunk[];
}

export async function inspect(bytes: Buffer | string, said: Said = {}): Promise<Upload> {
  const chunks: FileChunk[] = [];
  const inspected = await inspectFile({
    source: stored(bytes, 16_384),
    kind: 'csv',
    object: 'contacts',
    hints: {},
    ...said,
    writeChunk: async (chunk) => {
      chunks.push(chunk);
    },
    signal,
  });
  if (!inspected.ok) throw new Error(inspected.error.message);
  return { inspected, inspection: inspected.inspection, chunks };
}

export interface OpenArgs {
  mapping?: ObjectMapping | null;
  limit?: number;
  provider?: Provider;
  /** Told of every chunk that is read. */
  onChunk?: (seq: number) => void;
}

/** A session on one uploaded file, with its proposed mapping unless another is given. */
export function open(
  object: ObjectName,
  { inspection, chunks }: Upload,
  args: OpenArgs = {},
): Promise<Session> {
  const mapping = args.mapping === undefined ? inspection.proposedMapping : args.mapping;
  const files: FileReader = {
    describe: async (asked) =>
      asked === object
        ? {
            fileId: 'file-1',
            name: 'upload',
            kind: inspection.kind,
            rows: inspection.rows,
            columns: inspection.columns.map(({ name }) => name),
            locale: inspection.locale,
          }
        : null,
    chunks: async function* (_fileId, from) {
      for (const chunk of chunks.slice(from)) {
        args.onChunk?.(chunk.seq);
        yield chunk;
      }
    },
  };
  return (args.provider ?? createFilesProvider()).open({
    workspaceId: 'w',
    appId: 'app-1',
    settings: {},
    credentials: async () => ({}),
    mapping: { objects: mapping ? { [object]: mapping } : {}, owners: {}, statuses: {} },
    ...(args.limit !== undefined && { limit: args.limit }),
    files,
    network: { allowPrivate: false, requestTimeoutMs: 1_000, maxResponseBytes: 1_000 },
    onRequest: () => undefined,
  });
}

export async function pagesOf(session: Session, object: ObjectName, from?: string): Promise<SourcePage[]> {
  const pages: SourcePage[] = [];
  for await (const page of session.read(object, from, signal)) pages.push(page);
  return pages;
}

export async function recordsOf(session: Session, object: ObjectName): Promise<SourceRecord[]> {
  return (await pagesOf(session, object)).flatMap(({ records }) => records);
}
