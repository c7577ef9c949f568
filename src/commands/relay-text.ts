// What people are told when Service Bus did not take what was saved for it.

import type { Io } from '../output/io.js';
import { counted } from '../output/quantities.js';
import type { Runtime } from '../runtime.js';
import { relayBeside, type RelayedHere } from '../services/relay-beside.js';
import type { CommandContext } from './command.js';

/** Saved jobs are safe in either case, so this is a warning and not an error. `pending`: how many wait. */
export function warnNotSent(relayed: Pick<RelayedHere, 'moved' | 'problem' | 'error'>, pending: number, io: Io): void {
  const why = whyText(relayed);
  if (relayed.moved > 0) io.warn(`Service Bus did not take ${counted(relayed.moved, 'job')}, so the local queue has ${relayed.moved === 1 ? 'it' : 'them'} now: ${why}`);
  if (pending > 0) io.warn(`saved, and not sent to Service Bus yet (${counted(pending, 'job')}; a worker sends what waits): ${why}`);
}

/** Does the work and sends what it saves for Service Bus, as far as Service Bus takes it. */
export async function relayed<T>(work: () => Promise<T>, runtime: Runtime, { io, signal }: Pick<CommandContext, 'io' | 'signal'>): Promise<T> {
  const { result, relayed: done } = await relayBeside(runtime, work, { signal });
  const waiting = done.problem === null && done.moved === 0 ? 0 : ((await runtime.outbox?.waiting()) ?? []).reduce((sum, { count }) => sum + count, 0);
  warnNotSent(done, waiting, io);
  return result;
}

export function leftText(count: number): string {
  return `${counted(count, 'job is', 'jobs are')} left on Service Bus, which is not in use: copiloteval queues drain --to local`;
}

/** For --priority on a queue that knows no order but that of arrival. */
export function notePriority(runtime: Pick<Runtime, 'source'>, io: Io): void {
  if (runtime.source === 'servicebus') io.note('Service Bus hands jobs out first in, first out: a priority is kept with the job and changes nothing in their order');
}

function whyText({ problem, error }: Pick<RelayedHere, 'problem' | 'error'>): string {
  if (error === null) return problem ?? 'there was no time to send it';
  return `${error.message} [${error.code}]${error.hint === undefined ? '' : `; ${error.hint}`}`;
}
