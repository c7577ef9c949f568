// One record with known columns to a row: values checked, limits applied, identity computed.

import { createHash } from 'node:crypto';

import { canonicalSha256 } from '../../domain/canonical-json.js';
import { hasCode } from '../../domain/errors.js';
import type { Json, JsonObject } from '../../domain/json.js';
import { EVALUATION_LIMITS } from '../limits.js';
import { datasetInvalid, rowText } from './dataset-errors.js';
import type { CutText, DatasetField, DatasetRow, RowEvaluators } from './dataset-row.js';
import { answerText, FieldError, jsonInCell, numberBetween, scalarText, tagList, textList, tokenUsage } from './field-values.js';
import type { RawRecord } from './raw-record.js';

/** A row that still needs the dataset's other rows to have a unique key. */
export type UnkeyedRow = Omit<DatasetRow, 'itemKey'> & {
  /** `h` and 16 hex digits over what is asked and expected: equal for repeats of a row. */
  readonly contentKey: string;
};

/** Throws DATASET_INVALID with row, line and column. */
export function parseRow(record: RawRecord, fields: readonly (DatasetField | null)[]): UnkeyedRow {
  const reader = new FieldReader(record, fields);
  const [answer, answerCut] = cutAnswer(reader.read('answer', (value) => answerText(value)));
  const turns = reader.read('turns', jsonInCell);
  const input = inputOf(reader, turns !== null);
  const expected = reader.read('expected', (value) => references(value, record.cells));
  const context = reader.read('context', (value) => textList(value, record.cells)) ?? [];
  return {
    contentKey: `h${reader.hash({ input, turns, context, expected }).slice(0, 16)}`,
    itemHash: reader.hash(Object.fromEntries(record.names.map((name, index) => [name, record.values[index] ?? null]))),
    row: record.row,
    line: record.line,
    id: reader.read('id', idText),
    input,
    turns,
    expected,
    answer,
    answerCut,
    context,
    category: reader.text('category'),
    group: reader.text('group'),
    tags: reader.read('tags', (value) => tagList(value, record.cells)) ?? [],
    name: reader.text('name'),
    knowledgeSource: reader.text('knowledgeSource'),
    instructions: reader.text('instructions'),
    threshold: reader.read('threshold', (value) => numberBetween(value, 0, 1)),
    evaluators: rowEvaluators(reader),
    latencyMs: reader.read('latencyMs', (value) => numberBetween(value, 0, Infinity)),
    usage: reader.read('usage', tokenUsage),
    extra: reader.extra(),
  };
}

/** Gives access to the values by field and puts row and column on every complaint. */
class FieldReader {
  readonly #record: RawRecord;
  readonly #fields: readonly (DatasetField | null)[];

  constructor(record: RawRecord, fields: readonly (DatasetField | null)[]) {
    this.#record = record;
    this.#fields = fields;
  }

  /** Null when no column carries the field, the value is null, or an empty cell (which is an answer, but nothing else). */
  read<Value>(field: DatasetField, convert: (value: Json) => Value | null): Value | null {
    const index = this.#fields.indexOf(field);
    const value = index === -1 ? null : (this.#record.values[index] ?? null);
    if (value === null || (value === '' && this.#record.cells && field !== 'answer')) return null;
    try {
      return convert(value);
    } catch (error) {
      if (error instanceof FieldError) throw this.refuse(field, error.message);
      throw tooDeep(error) ? this.refuse(field, 'the value is nested too deep') : error;
    }
  }

  text(field: DatasetField): string | null {
    return this.read(field, scalarText);
  }

  has(field: DatasetField): boolean {
    return this.#fields.includes(field);
  }

  hash(value: JsonObject): string {
    try {
      return canonicalSha256(value);
    } catch (error) {
      throw tooDeep(error) ? datasetInvalid(rowText(this.#record.row, this.#record.line), 'a value is nested too deep') : error;
    }
  }

  extra(): Readonly<Record<string, Json>> {
    const { names, values } = this.#record;
    return Object.fromEntries(names.flatMap((name, index) => (this.#fields[index] === null ? [[name, values[index] ?? null] as const] : [])));
  }

  refuse(field: DatasetField, problem: string): Error {
    const name = this.#record.names[this.#fields.indexOf(field)] ?? field;
    return datasetInvalid(`${rowText(this.#record.row, this.#record.line)}, column ${JSON.stringify(name)}`, problem);
  }
}

function inputOf(reader: FieldReader, hasTurns: boolean): string | null {
  const input = reader.text('input');
  if (reader.has('input') && !hasTurns && (input === null || input.trim() === '')) throw reader.refuse('input', 'expected a question, got nothing');
  if (input !== null && input.length > EVALUATION_LIMITS.inputBytes / 3 && Buffer.byteLength(input) > EVALUATION_LIMITS.inputBytes) {
    throw reader.refuse('input', `expected at most ${EVALUATION_LIMITS.inputBytes} bytes, got ${Buffer.byteLength(input)}`);
  }
  return input;
}

/** An explicit empty list or text in JSON means that no answer is the right answer. */
function references(value: Json, cells: boolean): string[] | null {
  const list = textList(value, cells);
  return list !== null && list.length === 0 ? [''] : list;
}

function idText(value: Json): string | null {
  const id = scalarText(value)?.trim() ?? '';
  if (id === '') return null;
  if (id.length > 256) throw new FieldError(`expected at most 256 characters, got ${id.length}`);
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f-\u009f]/.test(id)) throw new FieldError('expected an id without control characters');
  return id;
}

function rowEvaluators(reader: FieldReader): RowEvaluators | null {
  const specs = reader.read('evaluators', jsonInCell);
  const mode = reader.text('evaluatorsMode') ?? 'extend';
  if (mode !== 'extend' && mode !== 'replace') throw reader.refuse('evaluatorsMode', `expected "extend" or "replace", got ${JSON.stringify(mode.slice(0, 40))}`);
  return specs === null ? null : { mode, specs };
}

/** Cut between characters, so that what is kept is still UTF-8. */
function cutAnswer(answer: string | null): [string | null, CutText | null] {
  const limit = EVALUATION_LIMITS.answerBytes;
  if (answer === null || answer.length <= limit / 3 || Buffer.byteLength(answer) <= limit) return [answer, null];
  const bytes = Buffer.from(answer, 'utf8');
  let end: number = limit;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return [bytes.toString('utf8', 0, end), { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }];
}

function tooDeep(error: unknown): boolean {
  return hasCode(error, 'INPUT_INVALID') || error instanceof RangeError;
}
