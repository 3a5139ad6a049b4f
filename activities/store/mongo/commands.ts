import { MongoServerError, type Document } from 'mongodb';
import type { CollectionName } from './collections.js';
import type { Tx } from './transaction.js';

/**
 * Bulk writes inside a transaction. Updates and deletes are plain commands, whose counts are the server's own; each stays far
 * below the 48 MB that a message may have. Inserts go through the driver, which cuts them itself and sends them as a sequence.
 */
const LONGEST_COMMAND = 8_000_000;
const MOST_STATEMENTS = 1_000;
/** Some servers hold each key that they find against the whole list: several short lists in one command cost them less. */
const MOST_KEYS = 100;

/** By key alone: see `guards.ts`. */
export interface Update {
  q: { _id: string; counter?: number };
  u: Document;
  upsert?: true;
}

/** A key that exists already fails the transaction. */
export async function insertAll(
  tx: Tx,
  collection: CollectionName,
  documents: readonly object[],
): Promise<void> {
  if (documents.length === 0) return;
  await tx.database.db
    .collection(collection)
    .insertMany([...documents], { session: tx.session, ordered: true });
}

/** How many documents were matched or inserted: the caller compares. */
export async function updateAll(
  tx: Tx,
  collection: CollectionName,
  updates: readonly Update[],
): Promise<number> {
  let matched = 0;
  for (const batch of batches(updates)) {
    matched += await send(tx, { update: collection, updates: batch, ordered: true });
  }
  return matched;
}

/** Writes each whether it is there or not. How many were not there. */
export async function upsertAll(
  tx: Tx,
  collection: CollectionName,
  updates: readonly Update[],
): Promise<number> {
  let added = 0;
  for (const batch of batches(updates.map((update) => ({ ...update, upsert: true })))) {
    const answer = await ask(tx, { update: collection, updates: batch, ordered: true });
    const upserted: unknown = answer['upserted'];
    added += Array.isArray(upserted) ? upserted.length : 0;
  }
  return added;
}

/** The same of many documents at once. How many were matched: the caller compares. */
export async function updateAlike(
  tx: Tx,
  collection: CollectionName,
  keys: readonly string[],
  u: Document,
): Promise<number> {
  if (keys.length === 0) return 0;
  const updates = shortLists(keys).map((list) => ({ q: { _id: { $in: list } }, u, multi: true }));
  return send(tx, { update: collection, updates, ordered: true });
}

/** How many were deleted: the caller compares. */
export async function deleteAll(
  tx: Tx,
  collection: CollectionName,
  keys: readonly string[],
): Promise<number> {
  if (keys.length === 0) return 0;
  const deletes = shortLists(keys).map((list) => ({ q: { _id: { $in: list } }, limit: 0 }));
  return send(tx, { delete: collection, deletes, ordered: true });
}

function shortLists(keys: readonly string[]): (readonly string[])[] {
  const lists = [];
  for (let from = 0; from < keys.length; from += MOST_KEYS) lists.push(keys.slice(from, from + MOST_KEYS));
  return lists;
}

async function send(tx: Tx, command: Document): Promise<number> {
  return Number((await ask(tx, command))['n']);
}

async function ask(tx: Tx, command: Document): Promise<Document> {
  const answer = await tx.database.db.command(command, { session: tx.session });
  const errors: unknown = answer['writeErrors'];
  if (Array.isArray(errors) && errors.length > 0) throw new MongoServerError(errors[0] as Document);
  return answer;
}

function batches<T extends object>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length === 0) return [];
  const all: T[][] = [];
  let batch: T[] = [];
  let length = 0;
  for (const item of items) {
    const weight = roughLength(item);
    if (batch.length > 0 && (length + weight > LONGEST_COMMAND || batch.length >= MOST_STATEMENTS)) {
      all.push(batch);
      batch = [];
      length = 0;
    }
    batch.push(item);
    length += weight;
  }
  all.push(batch);
  return all;
}

/** Characters of the texts within, and bytes of binaries: a third of the serialized size at the least. */
function roughLength(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 8;
  if (value instanceof Uint8Array) return value.length;
  let length = 0;
  for (const each of Object.values(value)) length += 8 + roughLength(each);
  return length;
}
