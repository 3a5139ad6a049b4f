import type { ObjectName } from '../../workflows/contract/objects.js';
import { foldText } from './fold.js';
import { statusesOf } from './objects.js';

/** Why a target is proposed, the surest first. */
export type ProposedBy = 'email' | 'name' | 'meaning' | 'likeness';
export interface ProposedTarget {
  target: string;
  by: ProposedBy;
}

interface Somebody {
  memberId: string;
  name: string;
  email: string;
}

/** Below this two words are as likely two things. */
const LIKE = 0.75;

/**
 * Whom a source's owner means: the member with this e-mail address, with this name ("Doe, Jane" too), whose address begins like it, or
 * whose name is much like it. Nobody where two could be meant.
 */
export function proposeOwner(value: string, members: readonly Somebody[]): ProposedTarget | null {
  const text = value.trim().toLowerCase();
  const name = nameOf(value);
  const local = text.includes('@') ? text.slice(0, text.indexOf('@')) : text;
  const looks: [ProposedBy, (member: Somebody) => boolean][] = [
    ['email', (member) => member.email.toLowerCase() === text],
    ['name', (member) => name !== '' && nameOf(member.name) === name],
    ['name', (member) => local !== '' && nameOf(localOf(member)) === nameOf(local)],
    ['name', (member) => text.includes('@') && nameOf(member.name) === nameOf(local)],
    ['likeness', (member) => likeness(nameOf(member.name), name) >= LIKE],
  ];
  for (const [by, fits] of looks) {
    const [one, another] = members.filter(fits);
    if (another) return null;
    if (one) return { target: one.memberId, by };
  }
  return null;
}

function localOf({ email }: Somebody): string {
  return email.slice(0, email.lastIndexOf('@'));
}

/** Words in order of the alphabet: "Doe, Jane" is "Jane Doe". */
function nameOf(text: string): string {
  return foldText(text.replace(/[._]/g, ' ')).split(' ').sort().join(' ');
}

/** What other systems call our statuses. */
const MEANT: Readonly<Record<string, readonly string[]>> = {
  lead: ['prospect', 'new', 'subscriber', 'mql', 'sql', 'interested'],
  prospect: ['lead', 'potential', 'opportunity', 'new'],
  active: [
    'customer',
    'client',
    'live',
    'current',
    'enabled',
    'available',
    'published',
    'running',
    'started',
    'aktiv',
  ],
  inactive: ['former', 'disabled', 'dormant', 'lost', 'churned', 'closed', 'archived', 'inaktiv'],
  archived: ['discontinued', 'retired', 'inactive', 'disabled', 'deleted', 'obsolete'],
  open: [
    'new',
    'todo',
    'to do',
    'pending',
    'backlog',
    'not started',
    'unpaid',
    'sent',
    'issued',
    'offen',
    'due',
  ],
  won: ['closed won', 'success', 'successful', 'gewonnen', 'sold'],
  lost: ['closed lost', 'failed', 'rejected', 'verloren', 'abandoned'],
  in_progress: ['doing', 'started', 'active', 'working', 'wip', 'in review', 'in arbeit'],
  done: ['completed', 'complete', 'finished', 'closed', 'resolved', 'erledigt', 'shipped'],
  cancelled: [
    'canceled',
    'won t fix',
    'wont fix',
    'dropped',
    'duplicate',
    'rejected',
    'abandoned',
    'abgebrochen',
  ],
  planned: ['new', 'draft', 'proposed', 'upcoming', 'backlog', 'geplant'],
  on_hold: ['paused', 'waiting', 'blocked', 'deferred', 'suspended'],
  draft: ['new', 'unsent', 'in preparation', 'entwurf'],
  paid: ['settled', 'closed', 'complete', 'completed', 'bezahlt'],
  overdue: ['late', 'past due', 'delinquent'],
  void: ['voided', 'cancelled', 'canceled', 'deleted', 'storno'],
  uncollectible: ['written off', 'write off', 'bad debt'],
};

/** Which status of an object a source's word means; `null` where none or several could be meant. */
export function proposeStatus(object: ObjectName, value: string): ProposedTarget | null {
  const word = foldText(value);
  const statuses = statusesOf(object);
  const said = statuses.find((status) => foldText(status) === word);
  if (said !== undefined) return { target: said, by: 'name' };
  const meant = statuses.filter((status) => MEANT[status]?.includes(word));
  if (meant.length > 0) return meant.length === 1 ? { target: meant[0] ?? '', by: 'meaning' } : null;
  const like = statuses.filter((status) => likeness(foldText(status), word) >= LIKE);
  return like.length === 1 ? { target: like[0] ?? '', by: 'likeness' } : null;
}

/** Share of the pairs of letters that two words have in common: 0 to 1. */
function likeness(a: string, b: string): number {
  const pairs = (text: string): string[] =>
    Array.from({ length: Math.max(0, text.length - 1) }, (_none, at) => text.slice(at, at + 2));
  const [left, right] = [pairs(a), pairs(b)];
  if (left.length === 0 || right.length === 0) return 0;
  const rest = [...right];
  let common = 0;
  for (const pair of left) {
    const at = rest.indexOf(pair);
    if (at < 0) continue;
    rest.splice(at, 1);
    common += 1;
  }
  return (2 * common) / (left.length + right.length);
}
