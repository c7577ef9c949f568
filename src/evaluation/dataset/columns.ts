// From the names of a record's columns to fields. A name that could mean two things is refused, never guessed.

import { AppError } from '../../domain/errors.js';
import { nearest } from '../../domain/nearest.js';
import { EVALUATION_LIMITS } from '../limits.js';
import type { ColumnHints } from '../payload.js';
import { fieldOfName, foldName, TWO_WAY_NAME } from './column-names.js';
import type { DatasetColumn, DatasetField } from './dataset-row.js';

type Fields = readonly (DatasetField | null)[];

/** Resolves the columns of all records of one dataset, so that one name means the same in every record. */
export class ColumnResolver {
  readonly #hints: ReadonlyMap<string, DatasetField>;
  readonly #cache = new Map<string, Fields>();
  readonly #seen = new Map<string, DatasetColumn>();
  #twoWay: 'answer' | 'expected' | null = null;

  constructor(hints: ColumnHints) {
    this.#hints = hintsByName(hints);
  }

  /** The field of each name, null for extra columns. Throws DATASET_INVALID, the message beginning with `where`. */
  resolve(names: readonly string[], where: string): Fields {
    const key = names.join('\0');
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    if (names.length > EVALUATION_LIMITS.columns) throw invalid(`${where}: at most ${EVALUATION_LIMITS.columns} columns, got ${names.length}`);
    const fields = this.#fieldsOf(names, where);
    // A first line that is no header has nothing recognised in it; saying that is better than complaining of equal values.
    if (fields.some((field) => field !== null)) refuseDuplicates(names, where);
    refuseTwoForOneField(names, fields, where);
    if (this.#cache.size < 1000) this.#cache.set(key, fields);
    names.forEach((name, index) => {
      if (!this.#seen.has(name) && this.#seen.size < EVALUATION_LIMITS.columns) this.#seen.set(name, { name, field: fields[index] ?? null });
    });
    return fields;
  }

  /** All columns so far, in the order in which they were first met. */
  get columns(): readonly DatasetColumn[] {
    return [...this.#seen.values()];
  }

  /** Throws DATASET_INVALID when a `columns` entry named a column that no record had. */
  refuseUnusedHints(): void {
    const names = [...this.#seen.keys()];
    for (const [folded, field] of this.#hints) {
      if (names.some((name) => foldName(name) === folded)) continue;
      const near = nearest(folded, names);
      throw invalid(`columns.${field}: no column has the name given there; the columns are ${listed(names)}`, near === undefined ? undefined : `did you mean "${near}"?`);
    }
  }

  #fieldsOf(names: readonly string[], where: string): Fields {
    const folded = names.map(foldName);
    const claimed = new Set(folded.flatMap((name) => this.#hints.get(name) ?? []));
    const fields = folded.map((name) => {
      const hinted = this.#hints.get(name);
      if (hinted !== undefined || name === TWO_WAY_NAME) return hinted ?? null;
      const field = fieldOfName(name);
      return field !== null && claimed.has(field) ? null : field;
    });
    const index = folded.indexOf(TWO_WAY_NAME);
    if (index === -1 || this.#hints.has(TWO_WAY_NAME)) return fields;
    const role = this.#roleOfAnswer(fields, where, names[index] ?? TWO_WAY_NAME);
    return fields.map((field, at) => (at === index ? role : field));
  }

  #roleOfAnswer(fields: Fields, where: string, name: string): DatasetField {
    this.#twoWay ??= roleBeside(fields.includes('expected'), fields.includes('answer'));
    if (this.#twoWay !== null) return this.#twoWay;
    const both = fields.includes('expected') ? 'and both have other columns already' : 'and no other column tells which';
    throw invalid(`${where}: column "${name}" can be the expected or the recorded answer, ${both}`, columnsHint(name));
  }
}

function roleBeside(hasExpected: boolean, hasAnswer: boolean): 'answer' | 'expected' | null {
  if (hasExpected === hasAnswer) return null;
  return hasExpected ? 'answer' : 'expected';
}

function hintsByName(hints: ColumnHints): ReadonlyMap<string, DatasetField> {
  const byName = new Map<string, DatasetField>();
  for (const [field, name] of Object.entries(hints) as [DatasetField, string][]) {
    const other = byName.get(foldName(name));
    if (other !== undefined) throw invalid(`columns: "${name}" is given for both ${other} and ${field}`);
    byName.set(foldName(name), field);
  }
  return byName;
}

function refuseDuplicates(names: readonly string[], where: string): void {
  const first = new Map<string, number>();
  names.forEach((name, index) => {
    const folded = foldName(name);
    const before = first.get(folded);
    if (folded !== '' && before !== undefined) {
      throw invalid(`${where}: columns ${before + 1} and ${index + 1} have the same name (${listed([names[before] ?? '', name])})`, 'rename or remove one of them');
    }
    first.set(folded, index);
  });
}

function refuseTwoForOneField(names: readonly string[], fields: Fields, where: string): void {
  const first = new Map<DatasetField, number>();
  fields.forEach((field, index) => {
    if (field === null) return;
    const before = first.get(field);
    if (before !== undefined) {
      throw invalid(`${where}: both ${listed([names[before] ?? ''])} and ${listed([names[index] ?? ''])} can be the ${words(field)}`, columnsHint(names[index] ?? '', field));
    }
    first.set(field, index);
  });
}

function words(field: DatasetField): string {
  return { expected: 'expected answer', answer: 'recorded answer' }[field as string] ?? field;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 20).map((name) => JSON.stringify(name));
  return names.length > 20 ? `${shown.join(', ')} and ${names.length - 20} more` : shown.join(', ');
}

function columnsHint(name: string, field: DatasetField = 'answer'): string {
  return `say which it is in the payload: "dataset": {"columns": {"${field}": ${JSON.stringify(name)}}}`;
}

function invalid(message: string, hint?: string): AppError {
  return new AppError('DATASET_INVALID', message, hint === undefined ? {} : { hint });
}
