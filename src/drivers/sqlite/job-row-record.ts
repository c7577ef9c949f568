// A job's row as a where-expression sees it: the same answers as domain/where/job-record.ts gives for the whole job, but
// JSON is parsed, and the payload read, only when the expression comes to ask for it.

import type { WhereRecord } from '../../domain/where/evaluate.js';
import { valueAtPath } from '../../domain/where/field-path.js';
import type { WhereFieldName } from '../../domain/where/fields.js';
import { decodeInput, decodeLabels, decodeState, type JobRow, priorityName } from './job-rows.js';

export class JobRowRecord implements WhereRecord {
  readonly #row: JobRow;
  readonly #readInput: () => string;
  readonly #nowMs: number;
  #state: ReturnType<typeof decodeState> | undefined;
  #input: ReturnType<typeof decodeInput> | undefined;

  constructor(row: JobRow, readInput: () => string, nowMs: number) {
    this.#row = row;
    this.#readInput = readInput;
    this.#nowMs = nowMs;
  }

  get(field: WhereFieldName, path: readonly string[]): unknown {
    switch (field) {
      case 'status':
      case 'type':
      case 'queue':
      case 'attempt':
        return this.#row[field];
      case 'priority':
        return priorityName(this.#row.priority);
      case 'user':
        return this.#row.user_id;
      case 'age':
        return this.#nowMs - this.#row.created_at;
      case 'label':
        return valueAtPath(decodeLabels(this.#row.labels), path);
      case 'error':
        return this.#error === undefined ? null : [this.#error.code, this.#error.message];
      case 'reason':
        return this.#error?.code;
      case 'result':
        return valueAtPath(this.#decodedState.result ?? null, path);
      case 'payload':
        return valueAtPath((this.#input ??= decodeInput(this.#readInput())).payload ?? null, path);
    }
  }

  get #decodedState(): ReturnType<typeof decodeState> {
    return (this.#state ??= decodeState(this.#row.state));
  }

  get #error(): { readonly code: string; readonly message: string } | undefined {
    return this.#decodedState.error ?? undefined;
  }
}
