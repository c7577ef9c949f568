// A limit of time for calls that have none of their own or do not keep it.

import { AppError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';

/**
 * What `work` answers, or SB_TIMEOUT after `limitMs`; `work`'s signal fires then. What it does after that is nobody's:
 * its late failure is swallowed, its late result goes to `late`, which can close it.
 */
export async function withinTime<T>(
  limit: { readonly clock: Clock; readonly limitMs: number; readonly operation: string; readonly hint?: string },
  work: (signal: AbortSignal) => Promise<T>,
  late: (result: T) => void = () => undefined,
): Promise<T> {
  const { clock, limitMs, operation } = limit;
  const overdue = new AbortController();
  const done = new AbortController();
  const running = work(overdue.signal);
  const timeUp = clock.sleep(limitMs, done.signal).then(() => 'time is up' as const);
  const settled = running.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  const first = await Promise.race([settled, timeUp]);
  done.abort();
  if (first === 'time is up') {
    overdue.abort();
    running.then(late, () => undefined);
    const hint = limit.hint ?? 'try again; if it stays, see how far it gets with `copiloteval doctor`';
    throw new AppError('SB_TIMEOUT', `cannot ${operation}: no answer within ${Math.round(limitMs / 100) / 10} s`, { hint });
  }
  if ('error' in first) throw first.error;
  return first.value;
}
