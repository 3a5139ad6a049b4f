import { iso31661 } from 'iso-3166';
import { foldText } from './fold.js';

/** Names are known in these languages and in that of the file's locale. */
const LANGUAGES = ['en', 'de', 'fr', 'es', 'it', 'pt', 'nl'];

/** What people write and no list of names has. */
const ALSO: Readonly<Record<string, string>> = {
  uk: 'GB',
  'great britain': 'GB',
  england: 'GB',
  scotland: 'GB',
  wales: 'GB',
  'northern ireland': 'GB',
  holland: 'NL',
  'the netherlands': 'NL',
  'united states of america': 'US',
  'czech republic': 'CZ',
  turkey: 'TR',
  'ivory coast': 'CI',
  macedonia: 'MK',
  burma: 'MM',
  swaziland: 'SZ',
  'republic of korea': 'KR',
  'russian federation': 'RU',
  'viet nam': 'VN',
  'peoples republic of china': 'CN',
  'united arab emirates': 'AE',
  el: 'GR',
};

/**
 * A reader from names and codes to ISO 3166 alpha-2; a text that names no country it knows is given back as it is.
 * Building its table takes some milliseconds, so that it is made with the first text.
 */
export function countryReader(locale: string | null): (text: string) => string {
  let table: Map<string, string> | null = null;
  return (text) => {
    table ??= countryTable(locale);
    return table.get(text) ?? table.get(foldText(text)) ?? text;
  };
}

function countryTable(locale: string | null): Map<string, string> {
  const table = new Map<string, string>();
  const languages = locale === null ? LANGUAGES : [...LANGUAGES, locale];
  for (const language of languages) {
    const names = new Intl.DisplayNames([language], { type: 'region', fallback: 'none' });
    for (const { alpha2 } of iso31661) {
      const name = names.of(alpha2);
      if (name !== undefined && !table.has(foldText(name))) table.set(foldText(name), alpha2);
    }
  }
  for (const [name, alpha2] of Object.entries(ALSO)) table.set(name, alpha2);
  for (const { alpha2, alpha3, name } of iso31661) {
    if (!table.has(foldText(name))) table.set(foldText(name), alpha2);
    table.set(alpha3.toLowerCase(), alpha2);
    table.set(alpha2.toLowerCase(), alpha2);
    table.set(alpha2, alpha2);
  }
  return table;
}
