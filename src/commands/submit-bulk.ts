// `submit --from`: a stream of jobs, with the lines that were refused.

import { AppError } from '../domain/errors.js';
import { counted, formatCount } from '../output/quantities.js';
import { printable } from '../output/sanitize.js';
import type { Runtime } from '../runtime.js';
import { submitBulk, type BulkResult, type RejectedLine } from '../services/submit-bulk.js';
import type { BulkDefaults } from '../services/submit-bulk-line.js';
import type { CommandContext } from './command.js';
import { resolveInstant, toRecord } from './option-parsers.js';
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
  const progress = io.progress({ label: options.dryRun ? 'checking' : 'submitting' });
  let result: BulkResult;
  try {
    result = await submitBulk(runtime, {
      source,
      defaults: await defaultsOf(type, options, context, runtime),
      dryRun: options.dryRun,
      signal,
      onProgress: ({ line, rejectedCount }) => progress.update(line, undefined, rejectedCount === 0 ? '' : `${formatCount(rejectedCount)} refused`),
    });
  } finally {
    progress.done();
  }
  print(result, options.dryRun, context);
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

function print(result: BulkResult, dryRun: boolean, { io }: CommandContext): void {
  const { submitted, duplicates, rejectedCount, rejected, stopped } = result;
  io.print({
    json: { submitted, duplicates, rejectedCount, rejected, stopped, ...(dryRun ? { dryRun } : {}) },
    text: () => {
      const counts = [
        `${formatCount(submitted)} ${dryRun ? 'can be submitted' : 'submitted'}`,
        ...(duplicates === 0 ? [] : [`${formatCount(duplicates)} known by their idKey`]),
        ...(rejectedCount === 0 ? [] : [`${formatCount(rejectedCount)} refused`]),
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
