import type { FieldSource } from '../../records/types.js';
import { fold } from './header-names.js';
import { currencyIn } from './looks.js';
import type { ColumnProfile } from './profile.js';
import { CURRENCY_NAMES } from './synonyms.js';
import type { Synonyms } from './synonyms.js';

/** A field's source as it can be proposed from a column, and what stands in the way. */
export interface ProposedSource {
  source: FieldSource;
  /** Most of its values cannot be read without being told how. */
  unclear?: string;
  /** Money whose currency nobody says. */
  noCurrency?: true;
}

/** `locale`: how numbers and days are written, where somebody said it. */
export function proposeSource(
  column: ColumnProfile,
  { as, relation }: Synonyms,
  columns: readonly ColumnProfile[],
  locale: string | null,
): ProposedSource {
  const path = column.name;
  if (relation) return { source: { path, relation } };
  if (as === 'money') return money(column, columns, locale);
  if (as === 'date' || as === 'datetime') return day(column, as, locale);
  return { source: as === undefined ? path : { path, as } };
}

function money(
  column: ColumnProfile,
  columns: readonly ColumnProfile[],
  locale: string | null,
): ProposedSource {
  const path = column.name;
  const isForeign = column.looksLike === 'decimal_comma' || column.looksLike === 'grouped_number';
  const unclear =
    isForeign && locale === null
      ? `The column "${path}" writes numbers like ${shown(column)}. Upload the file with its locale (such as locale=de-DE or locale=en-US), or set it in the app's settings.`
      : undefined;
  const said = currencyIn(path);
  const beside = columns.find(({ name, filled }) => CURRENCY_NAMES.includes(fold(name)) && filled > 0)?.name;
  const currency = said ?? beside;
  const isNamed = currency !== undefined || column.currency !== null;
  return {
    source: { path, as: 'money', ...(currency !== undefined && { currency }) },
    ...(unclear !== undefined && { unclear }),
    ...(!isNamed && { noCurrency: true }),
  };
}

/** Days with dots are day first everywhere; with slashes the values themselves must show the order. */
function day(column: ColumnProfile, as: 'date' | 'datetime', locale: string | null): ProposedSource {
  const path = column.name;
  const hasTime = column.samples.some((sample) => sample.includes(':'));
  const isOdd = column.looksLike === 'day_dots' || column.looksLike === 'day_slashes';
  if (!isOdd || locale !== null || hasTime) {
    const unclear = isOdd && locale === null ? sayLocale(column) : undefined;
    return { source: { path, as }, ...(unclear !== undefined && { unclear }) };
  }
  if (column.looksLike === 'day_dots') return { source: { path, as, format: 'd.M.yyyy' } };
  if (column.dayFirst === column.monthFirst) return { source: { path, as }, unclear: sayLocale(column) };
  const separator = column.samples.some((sample) => sample.includes('-')) ? '-' : '/';
  const format = column.dayFirst ? ['d', 'M', 'yyyy'] : ['M', 'd', 'yyyy'];
  return { source: { path, as, format: format.join(separator) } };
}

function sayLocale(column: ColumnProfile): string {
  return `The column "${column.name}" writes days like ${shown(column)}, which can be day or month first. Upload the file with its locale (such as locale=en-GB or locale=en-US), or set it in the app's settings.`;
}

function shown({ samples }: ColumnProfile): string {
  return `"${samples[0] ?? ''}"`;
}
