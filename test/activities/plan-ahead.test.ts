import type { ObjectName } from '../../workflows/contract/objects.js';
import { openHouse, type House } from '../support/activity-house.js';
import { policies } from '../support/record-makers.js';
import { scriptedProvider } from '../support/scripted-provider.js';
import { trickySource } from '../support/tricky-source.js';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

/** Keeps a page of the plan only once the next one has been looked up; of an object that ends before, `pages` at the latest. */
function lateStore(pages: number): typeof house.store {
  const { plans } = house.store;
  const looked = new Map<ObjectName, number>();
  let heard: () => void = () => undefined;
  const states: typeof plans.states = async (ref, object, lookups, soFar) => {
    const found = await plans.states(ref, object, lookups, soFar);
    looked.set(object, (looked.get(object) ?? 0) + 1);
    heard();
    return found;
  };
  const commit: typeof plans.commit = async (args) => {
    const isLast = args.seq + 1 >= (args.object === 'accounts' ? 2 : pages);
    while (!isLast && (looked.get(args.object) ?? 0) < args.seq + 2) {
      await new Promise<void>((resolve) => (heard = resolve));
    }
    return plans.commit(args);
  };
  return { ...house.store, plans: { ...plans, states, commit } };
}

describe('a plan that decides ahead', () => {
  it.each(['create', 'update', 'skip'] as const)(
    'decides the same while the page before is still on its way to the store (same app: %s)',
    async (sameApp) => {
      const scope: ObjectName[] = ['accounts', 'contacts'];
      const changes: unknown[] = [];
      for (const together of [false, true]) {
        const scripted = scriptedProvider({ uniqueIds: false, id: `ahead-${sameApp}-${together}` });
        trickySource(scripted);
        const app = await house.install(scripted.provider, { policies: policies({ sameApp }) });
        const ref = await house.start(app, scope, { mode: 'plan' });
        await house.run('preflight', ref);
        const deps = together ? { store: lateStore(3) } : {};
        for (const object of scope) {
          for (let slice = 0; ; slice += 1) {
            const pages = together ? 10 : 1;
            const end = await house.slice(ref, { object, planning: true, pages, slice }, { deps });
            if (end.state === 'done') break;
          }
        }
        await house.run('sealPlan', { ref, objects: scope });
        const { plan } = await house.theRun(ref);
        if (!plan) throw new Error('There is no plan.');
        const { counts, objects, duplicates } = plan;
        const { items } = await house.store.plans.changes(ref, {}, { limit: 100 });
        const of = items.map(({ externalId, outcome, versionAfter }) => [externalId, outcome, versionAfter]);
        changes.push({ counts, objects, duplicates: duplicates.total, of });
      }
      expect(changes[1]).toEqual(changes[0]);
    },
  );
});
