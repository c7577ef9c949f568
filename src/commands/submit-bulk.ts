// `submit --from`: a stream of jobs, with the lines that were refused.

import { AppError } from '../domain/errors.js';
import type { QueueMode } from '../domain/job.js';
import type { Progress } from '../output/progress.js';
import { counted, formatCount } from '../output/quantities.js';
import { printable } from '../output/sanitize.js';
import type { Runtime } from '../runtime.js';
import { relayBeside, type RelayedHere } from '../services/relay-beside.js';
import { submitBulk, type BulkCounts, type BulkResult, type RejectedLine } from '../services/submit-bulk.js';
import type { BulkDefaults } from '../services/submit-bulk-line.js';
import type { CommandContext } from './command.js';
import { resolveInstant, toRecord } from './option-parsers.js';
import { notePriority, warnNotSent } from './relay-text.js';
import { openInput } from './submit-input.js';
import type { SubmitOptions } from './submit.js';

/** Rejected lines that text shows; JSON has them all, up to the service's own bound. */
const SHOWN_REJECTED = 20;

export async function runSubmitBulk(
  type: string | undefined,
  from: string,
  options: SubmitOptions,
  context: CommandContext,
): Promise<void> {
  const { io, signal } = context;
  const source = await openInput(from, context);
  const runtime = await context.runtime();
  const progress = new BulkProgress(io.progress({ label: options.dryRun ? 'checking' : 'submitting' }));
  const defaults = await defaultsOf(type, options, context, runtime);
  const onProgress = (counts: BulkCounts): void => progress.stored(counts);
  const submit = (): Promise<BulkResult> => submitBulk(runtime, { source, defaults, dryRun: options.dryRun, signal, onProgress });
  try {
    const { result, relayed } = await relayBeside(runtime, submit, { signal, onProgress: ({ sent }) => progress.sent(sent) });
    if (result.prioritised > 0) notePriority(runtime, io);
    const queueModes = modesOf(result, relayed, runtime, options.dryRun);
    warnNotSent(relayed, queueModes.pending, io);
    finish(result, queueModes, options.dryRun, context);
  } finally {
    progress.done();
  }
}

/** Where the submitted jobs are by now. The relay sends what earlier commands left as well, so its counts can be higher. */
function modesOf({ submitted }: BulkResult, { sent, moved }: RelayedHere, { source }: Runtime, dryRun: boolean): Record<QueueMode, number> {
  const all = dryRun ? 0 : submitted;
  if (source === 'sqlite') return { service_bus: 0, local: all, pending: 0 };
  const local = Math.min(moved, all);
  const onServiceBus = Math.min(sent, all - local);
  return { service_bus: onServiceBus, local, pending: all - local - onServiceBus };
}

/** One bar for two things that go on side by side. */
class BulkProgress {
  #line = 0;
  #refused = 0;
  #sent = 0;

  constructor(private readonly progress: Progress) {}

  stored({ line, rejectedCount }: BulkCounts): void {
    this.#line = line;
    this.#refused = rejectedCount;
    this.#show();
  }

  sent(count: number): void {
    this.#sent = count;
    this.#show();
  }

  done(): void {
    this.progress.done();
  }

  #show(): void {
    const parts = [...(this.#refused === 0 ? [] : [`${formatCount(this.#refused)} refused`]), ...(this.#sent === 0 ? [] : [`${formatCount(this.#sent)} sent`])];
    this.progress.update(this.#line, undefined, parts.join(', '));
  }
}

function finish(result: BulkResult, queueModes: Record<QueueMode, number>, dryRun: boolean, context: CommandContext): void {
  print(result, queueModes, dryRun, context);
  const problem = outcomeOf(result);
  if (problem !== undefined) throw problem;
}

/** What the options say holds for every line that does not say otherwise. An unknown type or queue is refused at once. */
async function defaultsOf(
  type: string | undefined,
  { priority, delay, at, label, queue, user }: SubmitOptions,
  context: CommandContext,
  runtime: Runtime,
): Promise<BulkDefaults> {
  if (type !== undefined) await runtime.jobTypes.resolve(type);
  return {
    userId: user ?? context.config.userId,
    ...(type === undefined ? {} : { type }),
    ...(queue === undefined ? {} : { queue }),
    ...(priority === undefined ? {} : { priority }),
    ...(delay === undefined ? {} : { delayMs: delay }),
    ...(at === undefined ? {} : { at: resolveInstant(at, runtime.clock.now()) }),
    ...(label.length === 0 ? {} : { labels: toRecord(label) }),
  };
}

function print(result: BulkResult, queueModes: Record<QueueMode, number>, dryRun: boolean, { io }: CommandContext): void {
  const { submitted, duplicates, rejectedCount, rejected, stopped } = result;
  io.print({
    json: { submitted, duplicates, rejectedCount, rejected, stopped, queueModes, ...(dryRun ? { dryRun } : {}) },
    text: () => {
      const counts = [
        `${formatCount(submitted)} ${dryRun ? 'can be submitted' : 'submitted'}`,
        ...(duplicates === 0 ? [] : [`${formatCount(duplicates)} known by their idKey`]),
        ...(rejectedCount === 0 ? [] : [`${formatCount(rejectedCount)} refused`]),
        ...(queueModes.service_bus === 0 ? [] : [`${formatCount(queueModes.service_bus)} sent to Service Bus`]),
        ...(queueModes.pending === 0 ? [] : [`${formatCount(queueModes.pending)} not sent yet`]),
      ];
      const end = stopped ? `stopped after line ${formatCount(result.line)}; what was submitted stays` : undefined;
      return [...rejectedLines(rejected, rejectedCount), counts.join(', '), ...(end === undefined ? [] : [end])].join('\n');
    },
  });
}

function rejectedLines(rejected: readonly RejectedLine[], count: number): readonly string[] {
  const shown = rejected.slice(0, SHOWN_REJECTED).map(({ line, code, message }) => `line ${line}: ${printable(message)}  [${code}]`);
  return count <= shown.length ? shown : [...shown, `… and ${formatCount(count - shown.length)} more (all with -o json)`];
}

function outcomeOf({ submitted, duplicates, rejectedCount, stopped }: BulkResult): AppError | undefined {
  const accepted = submitted + duplicates;
  if (rejectedCount > 0 && accepted === 0) {
    return new AppError('INPUT_INVALID', `none of ${counted(rejectedCount, 'line')} can be submitted`, {
      hint: 'a line looks like {"type":"echo","payload":{"hello":"world"}}',
    });
  }
  if (rejectedCount > 0) {
    return new AppError('BULK_REJECTED', `${counted(rejectedCount, 'line was', 'lines were')} refused, ${formatCount(accepted)} accepted`, {
      hint: 'correct them and submit them alone, or everything again with an idKey on each line',
    });
  }
  if (accepted > 0 || stopped) return undefined;
  return new AppError('INPUT_INVALID', 'the input has no lines', { hint: 'a line looks like {"type":"echo","payload":{"hello":"world"}}' });
}
