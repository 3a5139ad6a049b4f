import type { RunRef } from '../../workflows/contract/ids.js';
import type { AppDoc } from '../../activities/store/documents.js';
import { openHouse, type House } from '../support/activity-house.js';
import { ANN, MAPPING, repairDesk } from '../support/repair-desk.js';
import { people, scriptedProvider } from '../support/scripted-provider.js';

/** What is counted by what it says, and not record by record, is as true after a repair as before it. */

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

const { repair, ended, booksOf } = repairDesk(() => house);

/** Four people of an owner whom nobody knows. */
async function imported(): Promise<{ app: AppDoc; ref: RunRef }> {
  const { provider, script } = scriptedProvider();
  script.answers = { contacts: [people(4, 1, { owner: 'bob@old.example', title: 'Chair' })] };
  const app = await house.install(provider, { mapping: MAPPING });
  const ref = await house.begin(app);
  await house.transfer(ref);
  await ended(ref);
  return { app, ref };
}

async function heading(ref: RunRef): Promise<object> {
  const { items } = await house.store.problems.list(ref, { code: 'owner_unmapped' }, { limit: 9 });
  expect(items).toHaveLength(1);
  return { count: items[0]?.count, state: items[0]?.state, samples: items[0]?.samples?.length };
}

async function remap({ workspaceId, appId }: AppDoc, owners: Record<string, string>, title: string) {
  const fields = { ...MAPPING.objects.contacts.fields, title: { path: 'title', default: title } };
  const mapping = { ...MAPPING, objects: { contacts: { fields: { ...fields, notes: title } } }, owners };
  await house.store.apps.patch(workspaceId, appId, { mapping });
}

const bob = (workspaceId: string) => ({
  ...{ workspaceId, memberId: 'm-bob', name: 'Bob', email: 'bob@new.example' },
  ...{ createdAt: new Date().toISOString(), removedAt: null },
});

describe('what is counted by what it says', () => {
  it('stays as it is where a repair has nothing new to say', async () => {
    const { ref } = await imported();
    const before = await heading(ref);
    expect(before).toEqual({ count: 4, state: 'open', samples: 4 });
    await repair(ref, { code: 'owner_unmapped' });
    expect(await heading(ref)).toEqual(before);
  });

  it('is counted once, however often it is said of the same records', async () => {
    const { app, ref } = await imported();
    const before = await heading(ref);
    const { warnings } = await house.counts(ref);
    await remap(app, {}, 'email');
    await repair(ref);
    await repair(ref, { code: 'owner_unmapped' });
    expect(await heading(ref)).toEqual(before);
    expect((await house.counts(ref)).warnings).toBe(warnings);
    expect(await booksOf(ref)).toMatchObject({ fetched: 4, created: 4 });
  });

  it.each([false, true])('is repaired, and comes back as it was; set aside: %s', async (aside) => {
    const { app, ref } = await imported();
    await house.store.members.insert(bob(app.workspaceId));
    const dismissal = { code: 'owner_unmapped', note: 'Nobody minds.', actor: ANN };
    if (aside) await house.store.problems.dismiss(ref, dismissal);
    await remap(app, { 'bob@old.example': 'm-bob' }, 'status');
    await repair(ref);
    expect(await heading(ref)).toMatchObject({ count: 4, state: 'repaired' });
    await remap(app, {}, 'status');
    await repair(ref);
    expect(await heading(ref)).toEqual({ count: 4, state: aside ? 'dismissed' : 'open', samples: 4 });
  });
});
