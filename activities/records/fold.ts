/**
 * Folding: two spellings of one name become one text. Only for comparing and for keys; never stored as a field.
 */

/** Letters that Unicode does not decompose into a base letter and an accent. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ł: 'l',
  þ: 'th',
  ı: 'i',
  ħ: 'h',
  ŧ: 't',
  ŋ: 'n',
};

/** Legal forms at the end of a company's name, as they stand once dots are gone. */
const LEGAL_FORMS = new Set(
  (
    'gmbh ggmbh mbh ag kg kgaa ug ohg gbr ev eg se inc incorporated llc llp lp ltd limited plc corp corporation co ' +
    'company cie sa sas sasu sarl srl spa snc bv nv vof ab as asa oy oyj aps kk pty pte pvt sl slu lda ltda sro spzoo ' +
    'zrt kft bhd doo dd ek mbb ohg stg partg scs sca sprl bvba se kb hb ehf hf ood eood ad oao zao ooo pjsc jsc'
  ).split(' '),
);

const PLAIN = /^[a-z0-9 ]*$/;

/** Lower case, without accents; punctuation is a space, spaces are single. */
export function foldText(text: string): string {
  let folded = text.toLowerCase();
  if (!PLAIN.test(folded)) {
    folded = folded
      .normalize('NFKD')
      .replace(/\p{M}+/gu, '')
      .toLowerCase()
      .replace(/[ßæœøđðłþıħŧŋ]/g, (letter) => LETTERS[letter] ?? letter)
      .replace(/&/g, ' and ')
      .replace(/(?<=\p{L})[.'’](?=\p{L}|\s|$)/gu, '')
      .replace(/[^\p{L}\p{N}]+/gu, ' ');
  }
  return folded.includes('  ') || folded.startsWith(' ') || folded.endsWith(' ')
    ? folded.trim().replace(/ {2,}/g, ' ')
    : folded;
}

/** As `foldText`, and without legal forms at the end: "Müller & Co. KG" and "Mueller" differ, "MÜLLER GmbH" and "Müller" do not. */
export function foldName(text: string): string {
  const words = foldText(text)
    .replace(/\bsp z ?o ?o$/, 'spzoo')
    .replace(/\bsa r ?l$/, 'sarl')
    .replace(/\bs r ?o$/, 'sro')
    .split(' ');
  let end = words.length;
  for (;;) {
    const start = end - legalAt(words, end);
    if (start === end || start < 1) break;
    end = start;
  }
  return words.slice(0, end).join(' ');
}

/** How many words before `end` are a legal form: `gmbh`, or spelled with spaces or a stroke (`a s`, `b v`, `s p a`). */
function legalAt(words: readonly string[], end: number): number {
  if (isLegal(words, end)) return 1;
  let letters = '';
  for (let count = 1; count <= 4 && (words[end - count] ?? '').length === 1; count += 1) {
    letters = (words[end - count] ?? '') + letters;
    if (count > 1 && LEGAL_FORMS.has(letters)) return count;
  }
  return 0;
}

function isLegal(words: readonly string[], end: number): boolean {
  const last = words[end - 1] ?? '';
  return LEGAL_FORMS.has(last) || (last === 'and' && end < words.length);
}
