import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import type { Client } from '@temporalio/client';
import { MongoClient } from 'mongodb';

/** Something that must not turn up where it does not belong, in clear or in a form that anyone can read. */
export interface Canary {
  what: string;
  forms: string[];
}

export function unique(what: string): string {
  return `${what}-canary-${randomUUID()}`;
}

export function canary(what: string, secret: string): Canary {
  return {
    what,
    forms: [secret, encodeURIComponent(secret), Buffer.from(secret).toString('hex'), ...base64(secret)],
  };
}

/** As base64 shows it inside a longer text: three ways, by where it begins; without the characters that its neighbours change. */
function base64(secret: string): string[] {
  return [0, 1, 2].map((offset) => {
    const text = Buffer.from(' '.repeat(offset) + secret)
      .toString('base64')
      .replace(/=+$/, '');
    return text.slice(offset === 0 ? 0 : offset + 1, -1).replace(/^.$/, '');
  });
}

/** One place that was searched. */
export interface Place {
  name: string;
  text: string;
}

/** `what in which place`, for every canary that is found. */
export function found(places: readonly Place[], canaries: readonly Canary[]): string[] {
  return places.flatMap(({ name, text }) =>
    canaries
      .filter(({ forms }) => forms.some((form) => text.includes(form)))
      .map(({ what }) => `${what} in ${name}`),
  );
}

/** Memo, search attributes and every event of every workflow, payloads as text. */
export async function histories(client: Client): Promise<Place[]> {
  const places: Place[] = [];
  for await (const { workflowId, runId, type } of client.workflow.list()) {
    const handle = client.workflow.getHandle(workflowId, runId);
    const [description, history] = await Promise.all([handle.describe(), handle.fetchHistory()]);
    places.push({ name: `history of ${type} ${workflowId}`, text: textOf([description.raw, history]) });
  }
  return places;
}

export async function logs(home: string): Promise<Place[]> {
  const folder = path.join(home, 'logs');
  const names = await readdir(folder);
  return Promise.all(
    names.map(async (name) => ({
      name: `log ${name}`,
      text: await readFile(path.join(folder, name), 'utf8'),
    })),
  );
}

/** Every document of every collection; what is compressed is searched as it was before. */
export async function documents(uri: string): Promise<Place[]> {
  const client = await MongoClient.connect(uri);
  try {
    const db = client.db();
    const places: Place[] = [];
    for (const { name } of await db.listCollections().toArray()) {
      for await (const doc of db.collection(name).find()) {
        places.push({ name: `document ${name} ${String(doc['_id'])}`, text: textOf(doc) });
      }
    }
    return places;
  } finally {
    await client.close();
  }
}

/** Everything that can be reached from a value, bytes read as text, compressed ones also inflated. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return textOfBytes(value);
  if (typeof value !== 'object' || value === null) return String(value);
  const bytes: unknown = 'buffer' in value && 'sub_type' in value ? value.buffer : null;
  if (bytes instanceof Uint8Array) return textOfBytes(bytes);
  return Object.entries(value)
    .map(([key, each]) => `${key}: ${textOf(each)}`)
    .join('\n');
}

function textOfBytes(bytes: Uint8Array): string {
  const inflated = [inflateRawSync, inflateSync, gunzipSync].map((inflate) => {
    try {
      return inflate(bytes).toString('utf8');
    } catch {
      return '';
    }
  });
  return [Buffer.from(bytes).toString('utf8'), ...inflated].join('\n');
}
