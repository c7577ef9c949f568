// Numbers in running text, with the notations people use: 2.5B, $3 million, 1,234.5, 12 %, 1.5e6.

export interface FoundNumber {
  readonly value: number;
  /** `value` is 12 for "12 %". */
  readonly percent: boolean;
  /** ISO code, or null when the text names none. */
  readonly currency: string | null;
  readonly text: string;
}

/** The decimal mark; the other one of the two separates groups of three. */
export type DecimalMark = '.' | ',';

const CURRENCIES: Readonly<Record<string, string>> = { $: 'USD', '€': 'EUR', '£': 'GBP', '¥': 'JPY' };
/** Attached to the digits only: "5 m" is a length. */
const LETTER_SCALES: Readonly<Record<string, number>> = { k: 1e3, m: 1e6, b: 1e9, t: 1e12 };
const WORD_SCALES: Readonly<Record<string, number>> = {
  thousand: 1e3,
  million: 1e6,
  mio: 1e6,
  mn: 1e6,
  billion: 1e9,
  bn: 1e9,
  mrd: 1e9,
  trillion: 1e12,
  tn: 1e12,
};

const PATTERNS: Readonly<Record<DecimalMark, RegExp>> = { '.': numberPattern('.'), ',': numberPattern(',') };

/** All numbers in reading order. Digits that are part of a word or a version ("Q3", "v2.5") are not numbers. */
export function findNumbers(text: string, decimal: DecimalMark = '.'): FoundNumber[] {
  const found: FoundNumber[] = [];
  for (const match of text.matchAll(PATTERNS[decimal])) {
    const groups = match.groups ?? {};
    const value = toNumber(groups, decimal);
    if (!Number.isFinite(value)) continue;
    const currency = groups['before'] ?? groups['after'];
    found.push({ value, percent: groups['percent'] !== undefined, currency: currencyCode(currency), text: match[0].trim() });
  }
  return found;
}

/** Whether two numbers mean the same within max(absolute, relative * |expected|). A percentage equals both 12 and 0.12. */
export function sameNumber(expected: FoundNumber, got: FoundNumber, tolerance: { absolute: number; relative: number }): boolean {
  if (expected.currency !== null && got.currency !== null && expected.currency !== got.currency) return false;
  const close = (a: number, b: number): boolean => Math.abs(a - b) <= Math.max(tolerance.absolute, tolerance.relative * Math.abs(a));
  if (close(expected.value, got.value)) return true;
  if (expected.percent === got.percent) return false;
  return expected.percent ? close(expected.value / 100, got.value) : close(expected.value, got.value / 100);
}

function numberPattern(decimal: DecimalMark): RegExp {
  const mark = decimal === '.' ? '\\.' : ',';
  const group = decimal === '.' ? ",'’\\u00a0\\u2009\\u202f" : ".'’\\u00a0\\u2009\\u202f";
  const currency = '[$€£¥]|USD|EUR|GBP|JPY|CHF';
  // A digit right after a letter, a digit or "1." belongs to what stands before it.
  const start = `(?<![\\p{L}\\p{N}_])(?<!\\p{N}${mark})`;
  const sign = '(?<sign>[-−+]?)';
  const digits = `(?<digits>\\d{1,3}(?:[${group}]\\d{3})+(?!\\d)(?:${mark}\\d+)?|\\d+(?:${mark}\\d+)?|${mark}\\d+)`;
  const exponent = '(?<exponent>[eE][-+]?\\d{1,3}(?![\\p{L}\\p{N}]))?';
  const scale = `(?:\\s?(?<word>${Object.keys(WORD_SCALES).join('|')})s?|(?<letter>[kmbt]))(?![\\p{L}\\p{N}])`;
  const percent = '\\s?(?<percent>%|percent\\b|per cent\\b|pct\\b)';
  // "USD 3m USD 4m": the second one belongs to the number after it.
  const after = `\\s?(?<after>${currency})(?!\\s?[\\p{L}\\p{N}])`;
  return new RegExp(`${start}(?:(?<outer>[-−])(?=[$€£¥]))?(?:(?<before>${currency})\\s?)?${sign}${digits}${exponent}(?:${scale})?(?:${percent}|${after})?`, 'giu');
}

function toNumber(groups: Record<string, string | undefined>, decimal: DecimalMark): number {
  const digits = groups['digits'] ?? '';
  const plain = decimal === '.' ? digits.replace(/[^\d.]/g, '') : digits.replace(/[^\d,]/g, '').replace(',', '.');
  const exponent = groups['exponent'] ?? '';
  const scale = LETTER_SCALES[(groups['letter'] ?? '').toLowerCase()] ?? WORD_SCALES[(groups['word'] ?? '').toLowerCase()] ?? 1;
  const negative = /[-−]/.test(groups['sign'] ?? '') !== (groups['outer'] !== undefined);
  const value = Number(`${plain}${exponent}`) * scale;
  return negative ? -value : value;
}

function currencyCode(text: string | undefined): string | null {
  if (text === undefined) return null;
  return CURRENCIES[text] ?? text.toUpperCase();
}
