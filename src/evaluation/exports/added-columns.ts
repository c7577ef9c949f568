// The columns that an export adds to the dataset's own, named in the dataset's style.

import { foldName } from '../dataset/column-names.js';

export const ADDED_COLUMNS = ['actual output', 'score', 'passed', 'reasoning', 'differences'] as const;
export type AddedColumn = (typeof ADDED_COLUMNS)[number];

/** "Actual Output", "actual_output", "actualOutput" …: the style of the first name that shows one, else Title Case. */
export function addedColumnNames(names: readonly string[]): Readonly<Record<AddedColumn, string>> {
  const style = styleOf(names);
  return Object.fromEntries(ADDED_COLUMNS.map((column) => [column, style(column.split(' '))])) as Record<AddedColumn, string>;
}

/** The added column that a dataset column of this name is a placeholder for, or null. */
export function placeholderFor(name: string): AddedColumn | null {
  return ADDED_COLUMNS.find((column) => foldName(column) === foldName(name)) ?? null;
}

type Style = (words: readonly string[]) => string;

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
const camel: Style = (words) => words.map((word, index) => (index === 0 ? word : capital(word))).join('');
const title: Style = (words) => words.map(capital).join(' ');

function styleOf(names: readonly string[]): Style {
  const sample = names.find((name) => /[a-z][A-Z]|[_\- ]/.test(name)) ?? names.find((name) => /^[A-Za-z]+$/.test(name));
  if (sample === undefined) return title;
  const upper = sample === sample.toUpperCase();
  const separator = /[_\- ]/.exec(sample)?.[0];
  if (separator !== undefined) return joined(separator, upper ? 'upper' : /^[a-z]/.test(sample) ? 'lower' : 'title');
  if (/[a-z][A-Z]/.test(sample)) return /^[a-z]/.test(sample) ? camel : (words) => words.map(capital).join('');
  return upper ? joined('_', 'upper') : /^[a-z]/.test(sample) ? joined('_', 'lower') : title;
}

function joined(separator: string, letters: 'upper' | 'lower' | 'title'): Style {
  const spell = { upper: (word: string) => word.toUpperCase(), lower: (word: string) => word, title: capital }[letters];
  return (words) => words.map(spell).join(separator);
}
