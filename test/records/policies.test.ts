import {
  defaultPolicies,
  patchPolicies,
  policiesPatchSchema,
  policiesSchema,
} from '../../activities/records/policies.js';

describe('policies', () => {
  it('are by default what the contract says', () => {
    expect(policiesSchema.parse(defaultPolicies())).toEqual(defaultPolicies());
    expect(defaultPolicies()).toMatchObject({
      existing: { contacts: 'update', invoices: 'update' },
      linked: 'update',
      sameApp: 'create',
      priority: 0,
      edits: 'keep',
      reminderHours: 24,
      review: null,
      breakers: { failed: 0.05, updated: null, deleted: 0.1, duplicates: null },
    });
  });

  it.each<[unknown]>([
    [{ existing: { contacts: 'merge' } }],
    [{ existing: { people: 'skip' } }],
    [{ breakers: { failed: 5 } }],
    [{ breakers: { faild: 0.1 } }],
    [{ reminderHours: 0 }],
    [{ priority: 1.5 }],
    [{ unknown: true }],
    [{ edits: { contacts: 'sometimes' } }],
    [{ required: { contacts: 'email' } }],
  ])('%j is refused', (patch) => {
    expect(policiesPatchSchema.safeParse(patch).success).toBe(false);
  });

  it('are patched part by part; null goes back to the default, but switches a breaker off', () => {
    const patched = patchPolicies(
      defaultPolicies(),
      policiesPatchSchema.parse({
        existing: { contacts: 'create' },
        edits: { contacts: { title: 'overwrite' } },
        required: { contacts: ['email'] },
        review: 'none',
        breakers: { failed: null, updated: 0.5 },
      }),
    );
    expect(patched).toEqual({
      ...defaultPolicies(),
      existing: { ...defaultPolicies().existing, contacts: 'create' },
      edits: { contacts: { title: 'overwrite' } },
      required: { contacts: ['email'] },
      review: 'none',
      breakers: { failed: null, updated: 0.5, deleted: 0.1, duplicates: null },
    });
    const nulls = {
      existing: { contacts: null },
      edits: null,
      required: { contacts: null },
      review: null,
      breakers: null,
    };
    expect(patchPolicies(patched, policiesPatchSchema.parse(nulls))).toEqual(defaultPolicies());
  });

  it('name only fields that there are', () => {
    const wrong = {
      ...defaultPolicies(),
      required: { contacts: ['email', 'account', 'address.city', 'mail'] },
      edits: { deals: { titel: 'keep' as const } },
    };
    expect(policiesSchema.safeParse(wrong).error?.issues.map(({ path }) => path)).toEqual([
      ['required', 'contacts', 3],
      ['edits', 'deals', 'titel'],
    ]);
  });
});
