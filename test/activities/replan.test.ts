import type { RunRef } from '../../workflows/contract/ids.js';
import { filesProvider } from '../../activities/providers/files/provider.js';
import { uploadFile } from '../support/house-files.js';
import { must, openHouse, type House } from '../support/activity-house.js';
import { people, scriptedProvider } from '../support/scripted-provider.js';
import type { AppDoc } from '../../activities/store/documents.js';
import type { ObjectMapping } from '../../activities/records/types.js';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

const ANN = { id: 'ann', name: 'Ann' };
async function planned(app: AppDoc): Promise<{ ref: RunRef; hash: string }> {
  const ref = await house.start(app, ['contacts'], { mode: 'plan' });
  expect((await house.run('preflight', ref)).blocked).toBeNull();
  return { ref, hash: await decided(ref, 0) };
}

async function decided(ref: RunRef, slice: number): Promise<string> {
  expect(await house.transfer(ref, 'contacts', { slice, planning: true })).toEqual({ state: 'done' });
  return (await house.run('sealPlan', { ref, objects: ['contacts'] })).hash;
}

async function anew(ref: RunRef, planHash: string, round: number): Promise<string> {
  const said = { decision: 'replan', actor: ANN } as const;
  await house.run('recordPlanDecision', { ref, planHash, decided: said });
  await house.run('clearPlan', { ref, objects: ['contacts'], round, again: true });
  return decided(ref, round * 100);
}

async function remap(app: AppDoc, fields: ObjectMapping['fields']): Promise<void> {
  const { mapping, mappingVersion } = await house.theApp(app);
  const objects = { ...mapping.objects, contacts: { key: ['Id'], fields } };
  await house.store.apps.patch(app.workspaceId, app.appId, {
    ...{ mapping: { ...mapping, objects }, mappingVersion: mappingVersion + 1 },
  });
}

/** Blockers and warnings, each with the column that it names. */
async function findingsOf(ref: RunRef): Promise<string[][]> {
  const { blockers, warnings } = await house.theRun(ref);
  return [blockers, warnings].map((findings) =>
    findings.map(({ code, column }) => (typeof column === 'string' ? `${code} ${column}` : code)).sort(),
  );
}

describe('a plan made anew', () => {
  it('is held against the columns of its file and against what was staged of it, not against a newer one', async () => {
    const app = await house.install(filesProvider);
    await uploadFile(
      house,
      app,
      'Id,Name,E-mail,Owner,State\n1,Ann,ann@people.example,boss@old.example,odd\n',
    );
    await remap(app, { name: 'Name', email: 'E-mail', owner: 'Owner', status: 'State' });
    const { ref, hash } = await planned(app);
    expect(await findingsOf(ref)).toEqual([[], ['first_run', 'owner_unmapped', 'status_unmapped']]);
    await uploadFile(house, app, 'Id,Full name,Mail\n1,Ann,ann@people.example\n');

    await remap(app, { name: 'Name', email: 'Mail', status: 'State' });
    const second = await anew(ref, hash, 1);
    expect(await findingsOf(ref)).toEqual([[], ['column_gone Mail', 'first_run', 'status_unmapped']]);

    await remap(app, { name: 'Full name', email: 'E-mail' });
    const third = await anew(ref, second, 2);
    expect((await findingsOf(ref))[0]).toEqual(['mapping_broken Full name']);
    const blocked = await house.theRun(ref);
    expect(blocked.blockers[0]?.message).toMatch(/Nothing was written.*plan what was read once more/);
    expect(must(blocked.plan).counts).toMatchObject({ fetched: 1, failed: 1 });

    await remap(app, { name: 'Name', email: 'E-mail' });
    await anew(ref, third, 3);
    expect(await findingsOf(ref)).toEqual([[], ['first_run']]);
    expect(must((await house.theRun(ref)).plan).counts).toMatchObject({ fetched: 1, created: 1 });
  });

  it('looks for what is here by now', async () => {
    const scripted = scriptedProvider({ id: 'replanned' });
    scripted.script.answers = { contacts: [people(2)] };
    const app = await house.install(scripted.provider);
    const { ref, hash } = await planned(app);
    expect(await findingsOf(ref)).toEqual([[], ['first_run']]);
    scripted.script.asked = [];
    const others = scriptedProvider({ id: 'brought-them' });
    others.script.answers = { contacts: [people(2)] };
    await house.transfer(
      await house.begin(await house.install(others.provider, { workspaceId: app.workspaceId })),
    );
    await anew(ref, hash, 1);
    expect(scripted.script.asked).toEqual([]);
    expect((await house.theRun(ref)).warnings).toMatchObject([
      { code: 'first_run' },
      { code: 'likely_duplicates', object: 'contacts', sampled: 2, likely: 2 },
    ]);
  });
});
