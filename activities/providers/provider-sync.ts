import type { ObjectName } from '../../workflows/contract/objects.js';
import type { ProviderDescription } from './provider.js';

/** Those of some objects that can be kept up to date, in their order; the others can only be imported. */
export function syncable(
  { actions, objects }: Pick<ProviderDescription, 'actions' | 'objects'>,
  among: readonly ObjectName[],
): ObjectName[] {
  if (!actions.sync) return [];
  const able = objects.filter(({ changes }) => changes !== 'none').map(({ object }) => object);
  return among.filter((object) => able.includes(object));
}
