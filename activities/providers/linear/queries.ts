import type { Json } from '../../records/types.js';
import type { ObjectName } from '../../../workflows/contract/objects.js';

export type LinearObject = Extract<ObjectName, 'projects' | 'tasks'>;

/** Parts that the server has refused. */
export type Without = ReadonlySet<string>;

export interface Query {
  query: string;
  variables: Record<string, Json>;
}

interface Kind {
  type: string;
  list: string;
  one: string;
  filter: string;
  fields: readonly string[];
}

const PERSON = '{ id name email }';

export const KINDS: Readonly<Record<LinearObject, Kind>> = {
  projects: {
    type: 'Project',
    list: 'projects',
    one: 'project',
    filter: 'ProjectFilter',
    fields: [
      ...['id', 'name', 'description', 'state', 'url', 'startDate', 'targetDate'],
      ...[`lead ${PERSON}`, 'createdAt', 'updatedAt', 'archivedAt', 'trashed'],
      ...['team { id key }', 'teams(first: 10) { nodes { id key } }'],
    ],
  },
  tasks: {
    type: 'Issue',
    list: 'issues',
    one: 'issue',
    filter: 'IssueFilter',
    fields: [
      ...['id', 'identifier', 'title', 'description', 'url', 'priority', 'priorityLabel', 'estimate'],
      ...['dueDate', 'createdAt', 'updatedAt', 'archivedAt', 'completedAt', 'trashed'],
      ...['state { id name type }', `assignee ${PERSON}`, 'team { id key }', 'project { id name }'],
      // More would multiply what a page costs (https://linear.app/developers/rate-limiting).
      ...['parent { id }', 'labels(first: 20) { nodes { name } pageInfo { hasNextPage } }'],
    ],
  },
};

/** Which record it is, whether it is in the trash, and of whom: for counting, and for records that are too large. */
const TELLING: ReadonlySet<string> = new Set(['id', 'updatedAt', 'trashed', 'team', 'teams']);

function fieldsOf(kind: Kind, without: Without, only?: ListArgs['only']): string {
  const known = kind.fields.filter((field) => {
    const name = /^\w+/.exec(field)?.[0] ?? '';
    if (only !== undefined && !TELLING.has(name)) return false;
    // Of a time when a project was of one team.
    if (kind.type === 'Project' && name === 'team')
      return without.has('Project.teams') && !without.has('Project.team');
    return !without.has(`${kind.type}.${name}`);
  });
  return known.join(' ');
}

export interface ListArgs {
  first: number;
  after: string | null;
  /** ISO 8601: only what changed then or later. */
  since: string | null;
  /** Only records of this team. */
  teamId: string | null;
  ids?: readonly string[];
  /** In place of everything that is mapped. */
  only?: 'what tells it';
}

/** Whether the server narrows the list by itself; else everything comes, and the caller chooses. */
export function narrows(object: LinearObject, by: 'since' | 'team' | 'ids', without: Without): boolean {
  const { filter, list } = KINDS[object];
  if (without.has(`Query.${list}(filter)`)) return false;
  if (by === 'since') return !without.has(`${filter}.updatedAt`);
  return by === 'ids' || !without.has('StringComparator.id');
}

/** In the order of creation, which is the servers' own and does not change while a list is read. */
export function listQuery(object: LinearObject, args: ListArgs, without: Without): Query {
  const kind = KINDS[object];
  const filter = filterOf(object, args, without);
  const takesFilter = Object.keys(filter).length > 0;
  const archived = without.has(`Query.${kind.list}(includeArchived)`) ? '' : ', includeArchived: true';
  const head = takesFilter ? `, $filter: ${kind.filter}` : '';
  const use = takesFilter ? ', filter: $filter' : '';
  return {
    query: `query($first: Int, $after: String${head}) { ${kind.list}(first: $first, after: $after${use}${archived}) { nodes { ${fieldsOf(kind, without, args.only)} } pageInfo { hasNextPage endCursor } } }`,
    variables: { first: args.first, after: args.after, ...(takesFilter && { filter }) },
  };
}

function filterOf(
  object: LinearObject,
  { since, teamId, ids }: ListArgs,
  without: Without,
): Record<string, Json> {
  const filter: Record<string, Json> = {};
  if (ids && narrows(object, 'ids', without)) filter['id'] = { in: [...ids] };
  if (since !== null && narrows(object, 'since', without)) filter['updatedAt'] = { gte: since };
  if (teamId !== null && narrows(object, 'team', without)) {
    const team = { id: { eq: teamId } };
    Object.assign(filter, object === 'tasks' ? { team } : { accessibleTeams: { some: team } });
  }
  return filter;
}

/** One after the other by id, for servers whose list cannot be narrowed. */
export function onesQuery(object: LinearObject, ids: readonly string[], without: Without): Query {
  const kind = KINDS[object];
  const fields = fieldsOf(kind, without);
  const heads = ids.map((_, n) => `$i${n}: String!`).join(', ');
  const asked = ids.map((_, n) => `r${n}: ${kind.one}(id: $i${n}) { ${fields} }`).join(' ');
  return {
    query: `query(${heads}) { ${asked} }`,
    variables: Object.fromEntries(ids.map((id, n) => [`i${n}`, id])),
  };
}

/** For the few issues that have more labels than a page of issues asks for. */
export const LABELS =
  'query($id: String!) { issue(id: $id) { id labels(first: 250) { nodes { name } pageInfo { hasNextPage } } } }';

/** Whose credentials these are. */
export const ACCOUNT = 'query { viewer { id name } organization { id name urlKey } }';
export const PEOPLE =
  'query($after: String) { users(first: 100, after: $after) { nodes { id name email } pageInfo { hasNextPage endCursor } } }';
export const TEAMS =
  'query($after: String) { teams(first: 100, after: $after) { nodes { id key name } pageInfo { hasNextPage endCursor } } }';

/** The least that tells whether an object may be read. */
export function probeQuery(object: LinearObject): string {
  return `query { ${KINDS[object].list}(first: 1) { nodes { id } } }`;
}
