import { posix } from 'node:path';
import type { Parts } from './xlsx-zip.js';
import { damaged } from './xlsx-zip.js';
import { readXml } from './xlsx-xml.js';

export interface SheetPart {
  name: string;
  hidden: boolean;
  path: string;
}

export interface Workbook {
  sheets: SheetPart[];
  /** Dates count from 1904-01-01 (old Macs) instead of 1900. */
  from1904: boolean;
  stringsPath: string | null;
  stylesPath: string | null;
}

interface Relation {
  type: string;
  path: string;
}

/** The workbook's table of contents (ECMA-376 part 1, §18.2). @throws UnreadableFile */
export async function readWorkbook(parts: Parts): Promise<Workbook> {
  const top = await relationsOf(parts, '');
  const path = [...top.values()].find(({ type }) => type === 'officeDocument')?.path ?? 'xl/workbook.xml';
  if (!parts.has(path)) throw damaged('it has no workbook inside');
  const relations = await relationsOf(parts, path);
  const sheets: SheetPart[] = [];
  let from1904 = false;
  await readXml(await parts.open(path), {
    open: (name, attributes) => {
      if (name === 'workbookPr') from1904 = ['1', 'true', 'on'].includes(attributes['date1904'] ?? '');
      if (name !== 'sheet') return;
      const relation = relations.get(relationId(attributes));
      // Chart sheets have no cells.
      if (relation?.type !== 'worksheet') return;
      const hidden = (attributes['state'] ?? 'visible') !== 'visible';
      sheets.push({ name: attributes['name'] ?? '', hidden, path: relation.path });
    },
  });
  if (sheets.length === 0) throw damaged('it has no sheet with cells');
  const ofType = (type: string): string | null => {
    const found = [...relations.values()].find((relation) => relation.type === type)?.path;
    return found !== undefined && parts.has(found) ? found : null;
  };
  return { sheets, from1904, stringsPath: ofType('sharedStrings'), stylesPath: ofType('styles') };
}

function relationId(attributes: Record<string, string>): string {
  const name = Object.keys(attributes).find((attribute) => attribute === 'r:id' || attribute.endsWith(':id'));
  return (name === undefined ? undefined : attributes[name]) ?? '';
}

/** Targets are relative to the part that names them; types are told by the last part of their address. */
async function relationsOf(parts: Parts, part: string): Promise<Map<string, Relation>> {
  const relations = new Map<string, Relation>();
  const folder = posix.dirname(part);
  const path = posix.join(folder, '_rels', `${posix.basename(part)}.rels`);
  if (!parts.has(path)) return relations;
  await readXml(await parts.open(path), {
    open: (name, attributes) => {
      if (name !== 'Relationship') return;
      const target = attributes['Target'] ?? '';
      relations.set(attributes['Id'] ?? '', {
        type: attributes['Type']?.split('/').at(-1) ?? '',
        path: target.startsWith('/') ? target.slice(1) : posix.join(folder, target),
      });
    },
  });
  return relations;
}
