import {
  fieldOf,
  neutralStatus,
  OBJECT_NAMES,
  requiredFields,
  specOf,
  statusesOf,
  targetsOf,
} from '../../activities/records/objects.js';
import { OBJECTS } from '../../workflows/contract/objects.js';

describe('objects', () => {
  it('are the objects of the contract, in the order of a run', () => {
    expect(OBJECT_NAMES).toEqual([...OBJECTS]);
  });

  it.each([
    ['contacts', 'active', ['lead', 'active', 'inactive']],
    ['accounts', 'active', ['prospect', 'active', 'inactive']],
    ['deals', 'open', ['open', 'won', 'lost']],
    ['tasks', 'open', ['open', 'in_progress', 'done', 'cancelled']],
    ['products', 'active', ['active', 'archived']],
    ['invoices', 'draft', ['draft', 'open', 'paid', 'overdue', 'void', 'uncollectible']],
    ['projects', 'active', ['planned', 'active', 'on_hold', 'done', 'cancelled']],
  ] as const)('%s are %s until somebody says otherwise', (object, neutral, statuses) => {
    expect(neutralStatus(object)).toBe(neutral);
    expect(statusesOf(object)).toEqual(statuses);
  });

  it.each(OBJECT_NAMES)('%s require exactly what names them, and identity fields exist', (object) => {
    expect(requiredFields(object)).toEqual([specOf(object).nameField]);
    for (const name of specOf(object).identity) expect(fieldOf(object, name)).not.toBeNull();
  });

  it('finds fields, parts of an address and relations, and nothing else', () => {
    expect(fieldOf('contacts', 'email')).toMatchObject({
      kind: 'field',
      spec: { type: 'email', key: 'strong' },
    });
    expect(fieldOf('contacts', 'address.city')).toEqual({ kind: 'address', name: 'address', part: 'city' });
    expect(fieldOf('tasks', 'parent')).toEqual({ kind: 'relation', name: 'parent', target: 'tasks' });
    expect(fieldOf('accounts', 'parent')).toEqual({ kind: 'relation', name: 'parent', target: 'accounts' });
    for (const name of [
      'nmae',
      'email.city',
      'address.planet',
      'address',
      'constructor',
      '__proto__',
      'toString',
    ]) {
      expect([name, fieldOf('contacts', name) === null]).toEqual([name, name !== 'address']);
    }
  });

  it('names every target that it finds', () => {
    for (const object of OBJECT_NAMES) {
      for (const target of targetsOf(object)) expect(fieldOf(object, target)).not.toBeNull();
    }
  });
});
