import type { ObjectName } from '../../workflows/contract/objects.js';
import { untouchedIn, type Untouched } from '../records/untouched.js';
import type { Rules, SourceRecord } from '../records/types.js';
import type { Store } from '../store/store.js';

/** After a page without any, so many go the long way before it is tried again. */
const PAUSE = 8;
const NONE: Untouched = new Map();

/**
 * Looks for source records that have nothing new to say before any is mapped or looked up: of a sync of what hardly changes that
 * is nearly all of them. Only under the turn, which nobody else writes links of the object under.
 */
export interface ShortCut {
  of(records: readonly SourceRecord[]): Promise<Untouched>;
}

export async function createShortCut(
  store: Pick<Store, 'links'>,
  args: { workspaceId: string; origin: string; object: ObjectName; rules: Rules; idsMayRepeat: boolean },
): Promise<ShortCut> {
  const { workspaceId, origin, object, rules, idsMayRepeat } = args;
  // Where ids may repeat, each is marked as seen by the run; and a policy may skip what is linked.
  const mayBe = !idsMayRepeat && rules.policies.linked !== 'skip';
  const worthIt = mayBe && (await store.links.any(workspaceId, origin, object));
  let pause = 0;
  return {
    async of(records) {
      if (!worthIt) return NONE;
      if (pause > 0) {
        pause -= 1;
        return NONE;
      }
      const ids = [...new Set(records.map(({ externalId }) => externalId))];
      const standing = await store.links.standing(workspaceId, origin, object, ids);
      const same = untouchedIn(records, standing, rules);
      if (same.size === 0) pause = PAUSE;
      // Whether their records are there need not be asked: no record goes that a live link leads to.
      return same;
    },
  };
}
