import { MAX_COLUMNS, UnreadableFile } from './reading.js';

/**
 * Column names that are unique and not empty: a second `Phone` is `Phone (2)`, an unnamed third column `Column 3`.
 * The same header always gives the same names, because mappings refer to them.
 * @throws UnreadableFile for more columns than a table has
 */
export function columnNames(cells: readonly string[]): string[] {
  if (cells.length > MAX_COLUMNS) {
    throw new UnreadableFile(
      `The header has ${cells.length} columns; at most ${MAX_COLUMNS} can be read. Check the delimiter, or remove columns that are not needed.`,
    );
  }
  const taken = new Set<string>();
  return cells.map((cell, index) => {
    const name = nameOf(cell) || `Column ${index + 1}`;
    let unique = name;
    for (let count = 2; taken.has(unique); count += 1) unique = `${name} (${count})`;
    taken.add(unique);
    return unique;
  });
}

/** True for a column that nobody named. */
export function isUnnamed(cell: string | undefined): boolean {
  return nameOf(cell ?? '') === '';
}

function nameOf(cell: string): string {
  const name = cell.replace(/\s+/g, ' ').trim().slice(0, 200);
  // Assigned to an object, this one name would vanish.
  return name === '__proto__' ? 'proto' : name;
}
