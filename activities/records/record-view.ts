import type { ObjectName } from '../../workflows/contract/objects.js';
import type { Address, Json, Line, Money, Relation, StoredLink, StoredRecord } from './types.js';

/** `resolved`: the target is in the store; a relation that waits for it has only its external id. */
export interface RelationView {
  recordId: string | null;
  externalId: string | null;
  resolved: boolean;
}

export type LineView = Omit<Line, 'product'> & { product?: RelationView };
export type FieldView = string | number | boolean | Money | Address | string[] | LineView[];

export interface LinkView {
  appId: string;
  externalId: string;
  modifiedAt: string | null;
  lastSeenAt: string;
  /** The provider has it no longer. */
  goneAt?: string;
  /** Where a person sees it at the provider. */
  url?: string;
}

/** A record over HTTP (objects.md). */
export interface RecordView {
  recordId: string;
  object: ObjectName;
  fields: Record<string, FieldView>;
  extra: Record<string, Json>;
  relations: Record<string, RelationView>;
  unmapped: { owner?: string; status?: string };
  links: LinkView[];
  version: number;
  createdAt: string;
  updatedAt: string;
  archivedAt: string | null;
  createdBy: { runId: string } | { actor: { id: string; name: string } };
}

export type UrlOf = (link: StoredLink) => string | undefined;

export function relationView({ recordId, externalId }: Relation): RelationView {
  return { recordId, externalId, resolved: recordId !== null };
}

export function recordView(record: StoredRecord, links: readonly StoredLink[], urlOf?: UrlOf): RecordView {
  return {
    recordId: record.recordId,
    object: record.object,
    fields: fieldViews(record),
    extra: record.extra,
    relations: Object.fromEntries(
      Object.entries(record.relations).map(([name, relation]) => [name, relationView(relation)]),
    ),
    unmapped: record.unmapped,
    links: links.map((link) => linkView(link, urlOf)),
    version: record.version,
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
    archivedAt: record.archivedAt,
    createdBy: record.createdBy,
  };
}

function fieldViews(record: StoredRecord): Record<string, FieldView> {
  return Object.fromEntries(
    Object.entries(record.fields).map(([name, value]) => [
      name,
      Array.isArray(value) && isLines(value) ? value.map(lineView) : (value as FieldView),
    ]),
  );
}

function isLines(value: string[] | Line[]): value is Line[] {
  return typeof value[0] === 'object';
}

function lineView(line: Line): LineView {
  const { product, ...rest } = line;
  return product === undefined ? rest : { ...rest, product: relationView(product) };
}

function linkView(link: StoredLink, urlOf: UrlOf | undefined): LinkView {
  const url = urlOf?.(link);
  return {
    appId: link.appId,
    externalId: link.externalId,
    modifiedAt: link.modifiedAt,
    lastSeenAt: link.lastSeenAt,
    ...(link.goneAt === null ? {} : { goneAt: link.goneAt }),
    ...(url === undefined ? {} : { url }),
  };
}
