/** The objects of the record store, in the order in which a run moves them: targets of relations come first. */
export const OBJECTS = [
  'accounts',
  'contacts',
  'products',
  'projects',
  'deals',
  'tasks',
  'invoices',
] as const;

export type ObjectName = (typeof OBJECTS)[number];

export function isObjectName(value: string): value is ObjectName {
  return (OBJECTS as readonly string[]).includes(value);
}

/** Sorts a choice of objects into the order of a run and drops repeats. */
export function inRunOrder(objects: readonly ObjectName[]): ObjectName[] {
  return OBJECTS.filter((object) => objects.includes(object));
}
