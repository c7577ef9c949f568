// The stops of a flow: every call of a port that a run without kills makes, and the moments right before and after it.

import { readFileSync } from 'node:fs';

import type { Place, StartOptions } from './place.js';
import { LONG } from './run-length.js';

/** `port.method` and how often it was called. */
export type Calls = ReadonlyMap<string, number>;

/** Runs the command to its end and says which ports it called. */
export async function traceCalls(place: Place, args: readonly string[], options: StartOptions = {}): Promise<Calls> {
  const trace = place.file('trace.txt');
  const ended = await place.run(args, { ...options, env: { ...options.env, CRASH_TRACE: trace } });
  if (ended.code !== 0) throw new Error(`${args.join(' ')} ended with ${ended.code ?? ended.signal}: ${ended.stderr}${place.evidence}`);
  const calls = new Map<string, number>();
  for (const name of readFileSync(trace, 'utf8').trim().split('\n')) calls.set(name, (calls.get(name) ?? 0) + 1);
  return calls;
}

/** These change nothing: dying before one is dying after the step before it. */
const LOOKS =
  /\.(get|list|read|find|exists|entries|entriesOf|counts?|peek|take|restoresOf|restoredOf|totals|childrenOf|openWork|strandedParents|cancelRequested)$/;

/** These have no part in what becomes of jobs and letters. */
const ASIDE = /\.(sweep|open|close|release|remove|changed|latestCursor)$/;

/**
 * CRASH_AT values. Long form: before and after every single call. Short form: before and after the first call of each
 * method that `steps` names, and after the first call of the others that change something. What comes before a call is
 * what came after the call before it.
 */
export function stopsOf(calls: Calls, steps: readonly string[]): string[] {
  return [...calls].flatMap(([name, count]) => {
    const at = (when: string): string[] => (LONG ? everyCall(count) : [1]).map((call) => `${name}#${call}:${when}`);
    if (LONG || steps.includes(name)) return LOOKS.test(name) ? at('after') : [...at('before'), ...at('after')];
    return ASIDE.test(name) || LOOKS.test(name) ? [] : at('after');
  });
}

function everyCall(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
