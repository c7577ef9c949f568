// The stops of a flow: every call of a port that a run without kills makes, and the moments right before and after it.

import { readFileSync } from 'node:fs';

import type { Place, StartOptions } from './place.js';

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

/** CRASH_AT values: each method at the calls that `callsOf` chooses, before and after. */
export function stopsOf(calls: Calls, callsOf: (name: string, count: number) => readonly number[]): string[] {
  return [...calls].flatMap(([name, count]) => callsOf(name, count).flatMap((call) => [`${name}#${call}:before`, `${name}#${call}:after`]));
}

/** First, middle and last. */
export function someCalls(count: number): number[] {
  return [...new Set([1, Math.ceil(count / 2), count])];
}

export function everyCall(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
