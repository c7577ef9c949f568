// `--set path=value`: changes of a JSON payload, made on a copy.

import { AppError } from '../errors.js';
import type { Json } from '../json.js';

/** A step of the path is an object key or the digits of an array index. */
export interface PayloadAssignment {
  readonly path: readonly string[];
  readonly value: Json;
}

const STEP = /(?:^|\.)(?<name>[^.[\]"=]+)|(?:^|\.)(?<key>"(?:[^"\\]|\\.)*")|\[(?<index>\d{1,9})\]/uy;
const MAX_STEPS = 64;

/**
 * `items[0].url=https://…`, `retries=3`, `"a.b".c=null`. The value is JSON when it can be read as such, else text: write
 * `name="3"` for the text 3. Undefined when there is no path or no `=`.
 */
export function parseAssignment(text: string): PayloadAssignment | undefined {
  const end = endOfPath(text);
  const path = end > 0 ? splitPath(text.slice(0, end)) : undefined;
  if (path === undefined || path.length > MAX_STEPS) return undefined;
  return { path, value: readValue(text.slice(end + 1)) };
}

/** The payload with every assignment made, in order. Missing objects on the way are created. INPUT_INVALID names the path that leads nowhere. */
export function applyAssignments(payload: Json, assignments: readonly PayloadAssignment[]): Json {
  return assignments.reduce((value, assignment) => assign(value, assignment, 0), payload);
}

/** The text that parseAssignment reads back to the same. */
export function printAssignment({ path, value }: PayloadAssignment): string {
  const steps = path.map((step) => (/^[^.[\]"=]+$/u.test(step) ? step : JSON.stringify(step)));
  return `${steps.join('.')}=${JSON.stringify(value)}`;
}

function assign(target: Json | undefined, assignment: PayloadAssignment, depth: number): Json {
  const step = assignment.path[depth];
  if (step === undefined) return assignment.value;
  if (target === undefined) return { [step]: assign(undefined, assignment, depth + 1) };
  if (isArray(target)) {
    const index = /^\d{1,9}$/.test(step) ? Number(step) : Infinity;
    if (index > target.length) throw nowhere(assignment, depth, `an index from 0 to ${target.length} of the list`);
    const copy = [...target];
    copy[index] = assign(target[index], assignment, depth + 1);
    return copy;
  }
  if (typeof target !== 'object' || target === null) throw nowhere(assignment, depth, 'an object or a list before it');
  const inner = Object.hasOwn(target, step) ? target[step] : undefined;
  // A computed key defines an own property, also for the name __proto__.
  return { ...target, [step]: assign(inner, assignment, depth + 1) };
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function nowhere({ path }: PayloadAssignment, depth: number, expected: string): AppError {
  return new AppError('INPUT_INVALID', `--set ${path.join('.')}: step ${JSON.stringify(path[depth])} needs ${expected}`);
}

/** The first `=` that is not inside a quoted key, or -1. */
function endOfPath(text: string): number {
  let quoted = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (character === '\\' && quoted) index += 1;
    else if (character === '"') quoted = !quoted;
    else if (character === '=' && !quoted) return index;
  }
  return -1;
}

function splitPath(text: string): readonly string[] | undefined {
  const steps: string[] = [];
  const pattern = new RegExp(STEP);
  while (pattern.lastIndex < text.length) {
    const groups = pattern.exec(text)?.groups;
    if (groups === undefined) return undefined;
    const step = groups['name'] ?? groups['index'] ?? unquoted(groups['key'] ?? '');
    if (step === undefined) return undefined;
    steps.push(step);
  }
  return steps.length === 0 ? undefined : steps;
}

function unquoted(text: string): string | undefined {
  try {
    return String(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function readValue(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
