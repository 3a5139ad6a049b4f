import { Binary } from 'mongodb';
import type { RunRef } from '../../../workflows/contract/ids.js';
import type { ObjectName } from '../../../workflows/contract/objects.js';
import type { JournalEntry } from '../../records/page.js';
import type { Database, JournalStored } from './collections.js';
import { padded } from './ids.js';
import { decodeEntries, encodeEntries, type PackedJournal } from './journal-codec.js';
import { fromBlob, toBlob } from './json.js';
import { pageKey } from './page-keys.js';

/** A document may have 16 MiB. */
const PART_BYTES = 8 * 1024 * 1024;

function partKey(ref: RunRef, object: ObjectName, seq: number, index: number): string {
  return `${pageKey(ref, object, seq)}/${padded(index, 4)}`;
}

export async function encodeJournal(
  ref: RunRef,
  object: ObjectName,
  seq: number,
  entries: readonly JournalEntry[],
): Promise<JournalStored[]> {
  const blob = await toBlob(encodeEntries(entries));
  const parts = Math.max(1, Math.ceil(blob.position / PART_BYTES));
  return Array.from({ length: parts }, (_none, index) => ({
    _id: partKey(ref, object, seq, index),
    parts,
    data: new Binary(blob.buffer.subarray(index * PART_BYTES, (index + 1) * PART_BYTES), blob.sub_type),
  }));
}

/** In the order in which the page wrote them; empty where nothing was journaled. */
export async function readJournal(
  database: Database,
  ref: RunRef,
  object: ObjectName,
  seq: number,
): Promise<JournalEntry[]> {
  const journals = database.collection('journals');
  const first = await journals.findOne({ _id: partKey(ref, object, seq, 0) });
  if (!first) return [];
  const keys = Array.from({ length: first.parts - 1 }, (_none, index) =>
    partKey(ref, object, seq, index + 1),
  );
  const rest = keys.length === 0 ? [] : await journals.find({ _id: { $in: keys } }).toArray();
  const parts = [first, ...rest.sort((a, b) => (a._id < b._id ? -1 : 1))];
  if (parts.length !== first.parts) throw new Error(`The journal of page ${seq} of ${object} is not whole.`);
  const bytes = Buffer.concat(parts.map((part) => part.data.buffer.subarray(0, part.data.position)));
  return decodeEntries((await fromBlob(new Binary(bytes, first.data.sub_type))) as PackedJournal);
}

export async function removeJournals(
  database: Database,
  ref: RunRef,
  object: ObjectName,
  seqs: readonly number[],
): Promise<void> {
  const journals = database.collection('journals');
  const firsts = seqs.map((seq) => partKey(ref, object, seq, 0));
  const long = journals
    .find({ _id: { $in: firsts }, parts: { $gt: 1 } })
    .project<JournalStored>({ parts: 1 });
  for await (const { _id, parts } of long) {
    const rest = Array.from({ length: parts - 1 }, (_none, index) => _id.slice(0, -4) + padded(index + 1, 4));
    await journals.deleteMany({ _id: { $in: rest } });
  }
  await journals.deleteMany({ _id: { $in: firsts } });
}
