import { proposeOwner, proposeStatus } from '../../activities/records/propose-targets.js';

const members = [
  { memberId: 'm1', name: 'Jane Doe', email: 'jane@corp.example' },
  { memberId: 'm2', name: 'José Núñez', email: 'jose.nunez@corp.example' },
  { memberId: 'm3', name: 'Sam Hill', email: 'sam@corp.example' },
  { memberId: 'm4', name: 'Sam Hill', email: 'sam.hill@other.example' },
];

it.each([
  ['JANE@corp.example', 'm1', 'email'],
  ['Jane Doe', 'm1', 'name'],
  ['Doe, Jane', 'm1', 'name'],
  ['jane', 'm1', 'name'],
  ['jane.doe@old.example', 'm1', 'name'],
  ['Jose Nunez', 'm2', 'name'],
  ['Jane Do', 'm1', 'likeness'],
])('the owner %s is %s, by %s', (value, target, by) => {
  expect(proposeOwner(value, members)).toEqual({ target, by });
});

it.each(['Sam Hill', 'Nobody', '', '  ', '4711'])('of the owner "%s" nobody can tell', (value) => {
  expect(proposeOwner(value, members)).toBeNull();
});

it.each([
  ['tasks', 'In Progress', 'in_progress', 'name'],
  ['tasks', "Won't fix", 'cancelled', 'meaning'],
  ['tasks', 'Completed', 'done', 'meaning'],
  ['deals', 'Closed Won', 'won', 'meaning'],
  ['invoices', 'Past due', 'overdue', 'meaning'],
  ['tasks', 'canceled.', 'cancelled', 'meaning'],
  ['invoices', 'uncollectable', 'uncollectible', 'likeness'],
] as const)('in %s, %s is %s, by %s', (object, value, target, by) => {
  expect(proposeStatus(object, value)).toEqual({ target, by });
});

it('proposes no status where several or none could be meant', () => {
  expect(proposeStatus('contacts', 'new')).toEqual({ target: 'lead', by: 'meaning' });
  expect(proposeStatus('projects', 'active')).toEqual({ target: 'active', by: 'name' });
  expect(proposeStatus('deals', 'closed')).toBeNull();
  expect(proposeStatus('tasks', 'Q3')).toBeNull();
});
