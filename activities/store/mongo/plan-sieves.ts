import { Binary } from 'mongodb';
import type { RunRef } from '../../../workflows/contract/ids.js';
import type { ObjectName } from '../../../workflows/contract/objects.js';
import type { PlannedSoFar } from '../planning.js';
import type { Database } from './collections.js';
import { idOf, padded, prefixOf } from './ids.js';
import { PAGES_AT_ONCE } from './page-keys.js';
import { createSieve, type Sieve } from './plan-sieve.js';

/** What may be held of plans that nobody has asked about lately; a plan that goes on reads its own again. */
const MOST_BYTES = 64 * 1024 * 1024;

/** The sieves of the plans that this process works at. A planned page never changes within its round, so they only grow. */
export interface Sieves {
  /** With all pages that were planned so far, and perhaps more. */
  of(ref: RunRef, object: ObjectName, soFar: PlannedSoFar): Promise<Sieve>;
  /** A page that was just stored. */
  added(ref: RunRef, object: ObjectName, page: { round: number; seq: number; prints: Uint32Array }): void;
  forget(ref: RunRef): void;
}

export function createSieves(database: Database): Sieves {
  const sieves = new Map<string, Sieve>();

  const nameOf = (ref: RunRef, object: ObjectName, round: number): string =>
    idOf(ref.workspaceId, ref.runId, object, String(round));

  /** The one that was used last stands last. */
  const use = (name: string): Sieve => {
    const sieve = sieves.get(name) ?? createSieve();
    sieves.delete(name);
    sieves.set(name, sieve);
    let bytes = [...sieves.values()].reduce((sum, each) => sum + each.bytes, 0);
    for (const [oldest, { bytes: freed }] of sieves) {
      if (bytes <= MOST_BYTES || oldest === name) break;
      sieves.delete(oldest);
      bytes -= freed;
    }
    return sieve;
  };

  return {
    async of(ref, object, { round, pages }) {
      const sieve = use(nameOf(ref, object, round));
      for (let from = sieve.pages; from < pages; from = sieve.pages) {
        const found = await readPrints(database, ref, object, from, Math.min(pages, from + PAGES_AT_ONCE));
        // Somebody else may have added some of them meanwhile: those are the same.
        for (const [at, prints] of found.entries()) if (sieve.pages === from + at) sieve.add(prints);
      }
      return sieve;
    },
    added(ref, object, { round, seq, prints }) {
      const sieve = sieves.get(nameOf(ref, object, round));
      if (sieve?.pages === seq) sieve.add(prints);
    },
    forget(ref) {
      const prefix = prefixOf(ref.workspaceId, ref.runId);
      for (const name of [...sieves.keys()]) if (name.startsWith(prefix)) sieves.delete(name);
    },
  };
}

/** States of a planned page lie in blocks; the first one carries the prints of the page. */
export function blockKey(ref: RunRef, object: ObjectName, seq: number, block: number): string {
  return `${prefixOf(ref.workspaceId, ref.runId, object)}${padded(seq)}/${padded(block, 3)}`;
}

export function asBinary(prints: Uint32Array): Binary {
  return new Binary(Buffer.from(prints.buffer, prints.byteOffset, prints.byteLength));
}

async function readPrints(
  database: Database,
  ref: RunRef,
  object: ObjectName,
  from: number,
  to: number,
): Promise<Uint32Array[]> {
  const keys = Array.from({ length: to - from }, (_none, index) => blockKey(ref, object, from + index, 0));
  const found = await database
    .collection('planIndex')
    .find({ _id: { $in: keys } })
    .project<{ _id: string; prints?: Binary }>({ prints: 1 })
    .toArray();
  const prints = new Map(found.map((block) => [block._id, block.prints]));
  return keys.map((key, index) => {
    const bytes = prints.get(key);
    if (!bytes) throw new Error(`Page ${from + index} of the plan of ${object} was not kept whole.`);
    const all = new Uint32Array(bytes.position / Uint32Array.BYTES_PER_ELEMENT);
    Buffer.from(all.buffer).set(bytes.buffer.subarray(0, bytes.position));
    return all;
  });
}
