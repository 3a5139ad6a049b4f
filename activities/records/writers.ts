import type { StoredRecord, Writer } from './types.js';

/** A `Writer`, read. `modifiedAt` is the provider's time of the source record that was written. */
export type WriterFacts =
  | { kind: 'run'; runId: string; appId: string; modifiedAt: string | null }
  | { kind: 'person'; id: string; name: string };

export function runWriter(runId: string, appId: string, modifiedAt: string | null): Writer {
  return `r:${runId}:${appId}:${modifiedAt ?? ''}`;
}

export function personWriter(actor: { id: string; name: string }): Writer {
  return `a:${actor.id}:${actor.name}`;
}

/** Ids hold no colon; what stands last (a time, a name) may. */
export function readWriter(writer: Writer): WriterFacts {
  const [first, rest] = cut(writer.slice(2));
  if (!writer.startsWith('r:')) return { kind: 'person', id: first, name: rest === '' ? first : rest };
  const [appId, modifiedAt] = cut(rest);
  return { kind: 'run', runId: first, appId, modifiedAt: modifiedAt === '' ? null : modifiedAt };
}

export function isByRun(writer: Writer | null | undefined, runId: string): boolean {
  return writer?.startsWith(`r:${runId}:`) ?? false;
}

export function isByPerson(writer: Writer | null | undefined): boolean {
  return writer?.startsWith('a:') ?? false;
}

/** Who wrote a field; also of one that is empty, because somebody may have emptied it. */
export function writerOf(record: StoredRecord, field: string): Writer | null {
  return record.writers[field] ?? record.writers['*'] ?? null;
}

/** States who wrote a field, in the one form that two equal histories share: `*` is never repeated by name. */
export function setWriter(writers: Record<string, Writer>, field: string, writer: Writer | null): void {
  if (writer === null || writer === writers['*']) Reflect.deleteProperty(writers, field);
  else writers[field] = writer;
}

/**
 * Which run's resolve step found a relation's target, kept among the writers. It is no edit: the relation is named by its
 * external id and stays its writer's. No dots, because stores dislike them in names.
 */
export function resolvedMark(field: string): string {
  return `#resolved:${field.replaceAll('.', ':')}`;
}

export const RESOLVED_MARK = '#resolved:';

function cut(text: string): [string, string] {
  const colon = text.indexOf(':');
  return colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
}
