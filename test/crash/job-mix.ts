// The jobs that the crash tests run: one of every kind, each with a label that says how it must end.

import { writeFileSync } from 'node:fs';

import type { JobStatus } from '../../src/domain/job.js';
import type { Json } from '../../src/domain/json.js';
import { EXPECTED } from './invariants.js';
import type { Place } from './place.js';

export interface JobLine {
  readonly type: string;
  readonly payload: Json;
  readonly labels?: Readonly<Record<string, string>>;
  readonly idKey?: string;
}

/** Over 48 KiB: payload and result are files. */
export const LARGE = { text: 'large '.repeat(10_000) };

/** One kill costs an attempt of whatever was running, so each of these ends the same with one kill and without. */
export function oneOfEach(): JobLine[] {
  return [
    expecting('Succeeded', { type: 'echo', payload: { hello: 'world' } }),
    expecting('Succeeded', { type: 'sleep', payload: { ms: 20 } }),
    expecting('DeadLettered', { type: 'fail', payload: { mode: 'always' } }),
    expecting('Failed', { type: 'fail', payload: { mode: 'permanent' } }),
    expecting('Succeeded', { type: 'fail', payload: { mode: 'always', times: 1 } }),
    expecting('Succeeded', { type: 'echo', payload: LARGE }),
    expecting('Succeeded', batchOf(3)),
    expecting('Failed', { type: 'batch', payload: { jobs: [item('fail', { mode: 'permanent' }), item('echo', null)] } }),
    expecting('Succeeded', { type: 'evaluation', payload: { dataset: { rows: evaluationRows(5) } } }),
  ];
}

export function batchOf(children: number, type = 'echo', payload: Json = null): JobLine {
  return { type: 'batch', payload: { jobs: Array.from({ length: children }, () => item(type, payload)) } };
}

function item(type: string, payload: Json): Json {
  return { type, payload };
}

export function expecting(status: JobStatus, line: JobLine): JobLine {
  return { ...line, labels: { ...line.labels, [EXPECTED]: status } };
}

/** All succeed; safe to submit twice when every line has its own key. */
export function echoLines(count: number, keyPrefix?: string): JobLine[] {
  return Array.from({ length: count }, (_, index) => ({
    ...expecting('Succeeded', { type: 'echo', payload: { index } }),
    ...(keyPrefix === undefined ? {} : { idKey: `${keyPrefix}-${index}` }),
  }));
}

function evaluationRows(count: number): Json {
  return Array.from({ length: count }, (_, index) => ({ id: `row-${index}`, question: `What is ${index} + 1?`, expected: String(index + 1), answer: String(index + 1) }));
}

/** Writes the lines where `submit --from` finds them. */
export function writeLines(place: Place, name: string, lines: readonly JobLine[]): string {
  const file = place.file(name);
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return file;
}

/** A dataset whose answers are all right. */
export function writeDataset(place: Place, name: string, rows: number): string {
  const file = place.file(name);
  const lines = Array.from({ length: rows }, (_, index) => `q${index},"What is ${index} + 1?",${index + 1},${index + 1}`);
  writeFileSync(file, ['id,question,expected,answer', ...lines, ''].join('\n'));
  return file;
}
