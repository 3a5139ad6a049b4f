import { ProviderFailure } from '../../activities/providers/provider.js';
import { people, scriptedProvider } from '../support/scripted-provider.js';
import { gate, openHouse, type House } from '../support/activity-house.js';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

describe('a slice', () => {
  it('moves one page first, then goes on from the stored position', async () => {
    const { provider, script } = scriptedProvider();
    script.answers = { contacts: [people(3), people(3, 4), people(2, 7)] };
    const ref = await house.begin(await house.install(provider));
    script.asked = [];

    expect(await house.slice(ref)).toEqual({ state: 'more' });
    expect(script.asked).toEqual(['contacts from 0']);
    expect(await house.counts(ref)).toMatchObject({ fetched: 3, created: 3, staged: 1, applied: 1 });

    expect(await house.slice(ref, { slice: 1, pages: 2 })).toEqual({ state: 'done' });
    expect(script.asked).toEqual(['contacts from 0', 'contacts from 1', 'contacts from 2']);
    expect(await house.counts(ref)).toMatchObject({ fetched: 8, created: 8 });
    expect(await house.records(ref.workspaceId)).toHaveLength(8);
    expect(script.openSessions).toBe(0);
  });
});
