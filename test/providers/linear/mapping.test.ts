import { linear } from '../../../activities/providers/linear/describe.js';
import { effectiveMapping } from '../../../activities/records/effective-mapping.js';
import { compileMapping } from '../../../activities/records/mapping.js';
import type { Json, MappedRecord } from '../../../activities/records/types.js';
import type { ObjectName } from '../../../workflows/contract/objects.js';
import { rulesFor } from '../../records/rules.js';
import { issue } from './fake-linear.js';

function mapped(object: ObjectName, data: Record<string, unknown>): MappedRecord {
  const mapping = effectiveMapping(linear.objects, null);
  const members = { byEmail: { 'ann@linear.example': 'm1' }, ids: ['m1'] };
  const done = compileMapping(
    object,
    rulesFor(object, { fields: {} }, { mapping, members }),
  )({ externalId: 'x', data: data as Json });
  if (!done.ok) throw new Error(done.problems[0].message);
  return done.record;
}

it('an issue is a task, with its type of state, priority, owner and relations', () => {
  const { fields, relations, unmapped, warnings } = mapped('tasks', {
    ...issue('i1', {
      description: 'All of it',
      dueDate: '2026-12-24',
      completedAt: '2026-11-20T10:00:00.000Z',
    }),
    ...{
      assignee: { id: 'u1', name: 'Ann', email: 'Ann@linear.example' },
      priority: 1,
      priorityLabel: 'Urgent',
    },
    ...{ state: { id: 's9', name: 'Shipped!', type: 'completed' }, project: { id: 'p1', name: 'Launch' } },
    ...{ parent: { id: 'i0' }, labels: { nodes: [{ name: 'bug' }, { name: 'api' }] } },
  });
  expect(fields).toMatchObject({
    ...{ title: 'Issue i1', description: 'All of it', status: 'done', priority: 'urgent', owner: 'm1' },
    ...{ dueDate: '2026-12-24', completedAt: '2026-11-20T10:00:00.000Z', labels: ['bug', 'api'] },
    url: 'https://linear.example/issue/i1',
  });
  expect(relations).toEqual({ project: 'p1', parent: 'i0' });
  expect([unmapped, warnings]).toEqual([{}, []]);
});

it.each([
  ['triage', 'open'],
  ['backlog', 'open'],
  ['unstarted', 'open'],
  ['started', 'in_progress'],
  ['completed', 'done'],
  ['canceled', 'cancelled'],
  ['duplicate', 'cancelled'],
])('a state of the type %s is %s', (type, status) => {
  const { fields, unmapped } = mapped('tasks', issue('i1', { state: { id: 's', name: 'Any name', type } }));
  expect([fields['status'], unmapped]).toEqual([status, {}]);
});

it('a type of state that nobody knew is kept beside the neutral status', () => {
  const { fields, unmapped } = mapped(
    'tasks',
    issue('i1', { state: { id: 's', name: 'x', type: 'parked' } }),
  );
  expect([fields['status'], unmapped]).toEqual(['open', { status: 'parked' }]);
});

it.each([
  ['No priority', 'none'],
  ['Urgent', 'urgent'],
  ['High', 'high'],
  ['Medium', 'normal'],
  ['Normal', 'normal'],
  ['Low', 'low'],
])('the priority "%s" is %s', (priorityLabel, priority) => {
  expect(mapped('tasks', issue('i1', { priorityLabel })).fields['priority']).toBe(priority);
});

it('a project has its dates, its lead and its status', () => {
  const { fields, unmapped } = mapped('projects', {
    ...{
      id: 'p1',
      name: 'Launch',
      description: 'To the moon',
      state: 'paused',
      url: 'https://linear.example/p1',
    },
    ...{ startDate: '2026-01-02', targetDate: '2026-12-24', lead: { id: 'u1', email: 'ann@linear.example' } },
  });
  expect(fields).toMatchObject({
    ...{ name: 'Launch', description: 'To the moon', status: 'on_hold', owner: 'm1' },
    ...{ startDate: '2026-01-02', endDate: '2026-12-24', url: 'https://linear.example/p1' },
  });
  expect(unmapped).toEqual({});
});

it('what a person maps goes before what the provider says', () => {
  const own = { objects: {}, owners: {}, statuses: { tasks: { started: 'open' } } };
  const { statuses } = effectiveMapping(linear.objects, own);
  expect(statuses.tasks).toMatchObject({ started: 'open', completed: 'done' });
});
