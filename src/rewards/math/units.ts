/** A unit as far as it matters to equality. */
export interface Unit {
  /** `percent` and `degree` enter the comparison of values; others are only compared with one another. */
  readonly kind: 'percent' | 'degree' | 'other';
  /** The unit's canonical name with its power, where it is a known one; two different known units conflict. */
  readonly known?: string;
}

const NAMES: Readonly<Record<string, string>> = {
  mm: 'mm millimeter millimetre',
  cm: 'cm centimeter centimetre',
  m: 'm meter metre',
  km: 'km kilometer kilometre',
  in: 'in inch inche',
  ft: 'ft foot feet',
  yd: 'yd yard',
  mi: 'mi mile',
  s: 's sec second',
  min: 'min minute',
  h: 'h hr hour',
  day: 'day',
  week: 'week',
  month: 'month',
  year: 'yr year',
  mg: 'mg milligram',
  g: 'g gm gram',
  kg: 'kg kilogram',
  lb: 'lb pound',
  oz: 'oz ounce',
  ml: 'ml milliliter millilitre',
  l: 'l liter litre',
  gal: 'gal gallon',
  dollar: 'dollar usd buck',
  cent: 'cent penny pennie',
  mph: 'mph',
  unit: 'unit',
  am: 'am',
  pm: 'pm',
};
const BY_NAME = new Map(
  Object.entries(NAMES).flatMap(([unit, names]) => names.split(' ').map((name) => [name, unit])),
);
const POWERS: Readonly<Record<string, string>> = { square: '2', sq: '2', cubic: '3', cu: '3' };
/** Words that make what they stand in something else than a quantity. */
const NOT_UNITS = new Set(
  (
    'and or not no to if but is are was be than then maybe perhaps nor either both between about plus minus times ' +
    'over divided wrong right half hundred thousand million billion trillion dozen negative pi squared cubed by of'
  ).split(' '),
);

/**
 * Reads the words after (or before) a number as a unit, `square cm`, `children tickets`; `undefined` where they are
 * none, such as "or so" or "million".
 */
export function readUnit(text: string, exponent = ''): Unit | undefined {
  const words = text
    .toLowerCase()
    .replace(/\./g, '')
    .trim()
    .split(/[ /-]+/)
    .filter(Boolean);
  if (words.length === 0 || words.length > 4) return undefined;
  if (words.some((word) => !/^[a-z]{1,20}$/.test(word) || NOT_UNITS.has(word))) return undefined;
  if (words[0] === 'percent') return { kind: 'percent' };
  if (words[0] === 'degree' || words[0] === 'degrees') return { kind: 'degree' };
  const power = POWERS[words[0] as string];
  const name = words[power ? 1 : 0] ?? '';
  const unit = BY_NAME.get(name) ?? BY_NAME.get(name.replace(/s$/, ''));
  if (!unit || words.length > (power ? 2 : 1)) return { kind: 'other' };
  return { kind: 'other', known: `${unit}${power ?? exponent}` };
}

/** Whether a word alone after a number reads as a unit in plain notation: a known one, or three letters and more. */
export function isPlainUnitWord(word: string): boolean {
  const name = word.toLowerCase();
  return name.length >= 3 || (name.length === 2 && BY_NAME.has(name));
}

/** Whether two units contradict each other; a missing or an unknown one contradicts nothing. */
export function unitsConflict(a: Unit | undefined, b: Unit | undefined): boolean {
  if (!a || !b) return false;
  if (a.kind !== b.kind) return a.kind !== 'other' || b.kind !== 'other';
  return a.known !== undefined && b.known !== undefined && a.known !== b.known;
}
