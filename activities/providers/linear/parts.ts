import type { GraphqlError } from '../http-graphql.js';

/**
 * What is asked for where the server knows it: older and newer schemas, and servers that speak only a part of it, lack some. Named as
 * a server's validation names it: `Type.field`, `Query.field(argument)`, or the input object's field.
 */
const OPTIONAL: ReadonlySet<string> = new Set([
  'Issue.parent',
  'Issue.trashed',
  'Issue.archivedAt',
  'Issue.labels',
  'Issue.estimate',
  'Issue.priorityLabel',
  'Issue.completedAt',
  'Issue.dueDate',
  'Project.url',
  'Project.state',
  'Project.startDate',
  'Project.targetDate',
  'Project.lead',
  'Project.teams',
  'Project.team',
  'Project.archivedAt',
  'Project.trashed',
  'Query.issues(includeArchived)',
  'Query.projects(includeArchived)',
  'Query.projects(filter)',
  'IssueFilter.updatedAt',
  'ProjectFilter.updatedAt',
  'StringComparator.id',
]);

const SAYS: readonly [RegExp, (found: readonly string[]) => string][] = [
  [/^Cannot query field "(\w+)" on type "(\w+)"/, ([, field, type]) => `${type}.${field}`],
  [/^Unknown argument "(\w+)" on field "(?:(\w+)\.)?(\w+)"/, ([, arg, , field]) => `Query.${field}(${arg})`],
  [/Field "(\w+)" is not defined by type "(\w+)"/, ([, field, type]) => `${type}.${field}`],
  [
    /Expected value of type "(\w+)" not to include unknown field "(\w+)"/,
    ([, type, field]) => `${type}.${field}`,
  ],
  [/^Unknown type "ProjectFilter"/, () => 'Query.projects(filter)'],
];

/** What a server says it does not know and we can do without. In the words of the reference implementation of GraphQL, old and new. */
export function unknownParts(errors: readonly GraphqlError[]): string[] {
  return errors.flatMap(({ message }) => {
    for (const [pattern, name] of SAYS) {
      const found = pattern.exec(message);
      if (found && OPTIONAL.has(name(found))) return [name(found)];
    }
    return [];
  });
}
