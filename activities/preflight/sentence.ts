import type { ExistingPolicy } from '../records/types.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { Look } from './found.js';

/** One sentence per object, in words: what will happen to known, new and duplicate records. */
export function sentenceOf(objects: readonly ObjectName[], look: Look): string {
  if (look.blockers.length > 0) {
    return `Nothing would be moved: ${look.blockers.map((blocker) => blocker.message).join(' ')}`;
  }
  return objects.map((object) => objectSentence(object, look)).join(' ');
}

function objectSentence(object: ObjectName, { rules, totals, duplicates, since }: Look): string {
  const { policies } = rules;
  const total = totals[object];
  const start = since[object];
  const all = total === undefined ? `All ${object}` : countOf(total, object);
  const many = start ? `The ${object} that changed or were deleted since ${start.at}` : all;
  const known =
    policies.linked === 'skip'
      ? 'those this app brought before are left alone'
      : 'those this app brought before are updated where the source changed, edits of people are kept';
  const likely = duplicates[object]?.likely ?? 0;
  const found = likely > 0 ? ` (${likely} in a sample of ${duplicates[object]?.sampled ?? 0})` : '';
  return `${many} will be read: ${known}; new ones are created; ${duplicateWords(policies.existing[object] ?? 'update')}${found}.`;
}

/** Every object's name is a plural that ends in "s". */
function countOf(total: number, object: ObjectName): string {
  return total === 1 ? `1 ${object.slice(0, -1)}` : `${total.toLocaleString('en')} ${object}`;
}

function duplicateWords(policy: ExistingPolicy): string {
  switch (policy) {
    case 'update':
      return 'those that share an e-mail, domain, tax id or SKU with a record that is here are tied to it and fill what is empty';
    case 'skip':
      return 'those that share an e-mail, domain, tax id or SKU with a record that is here are skipped and listed';
    case 'create':
      return 'those that share an e-mail, domain, tax id or SKU with a record that is here are created beside it and listed';
  }
}
