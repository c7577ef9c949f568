// `copiloteval queues drain --to local`: takes what waits on Service Bus onto the store's own queue.

import { AppError } from '../../domain/errors.js';
import { counted, formatCount } from '../../output/quantities.js';
import { printable } from '../../output/sanitize.js';
import type { Runtime } from '../../runtime.js';
import type { DrainPlan, DrainPlanQueue } from '../../services/drain-plan.js';
import type { DrainResult } from '../../services/drain-tally.js';
import type { DrainPorts } from '../../services/drain-to-local.js';
import { defineCommand, type CommandContext } from '../command.js';
import { audited, reasonTextOption, refuseTooMany, requireReason } from '../guard-rails.js';
import { choice, nonEmpty } from '../option-parsers.js';
import { flag, option, repeated, type OptionValues } from '../option-specs.js';

const options = {
  to: option('--to <place>', 'where to', { parser: choice(['local']), required: true }),
  queue: repeated('--queue <name>', 'only of this queue; repeat it for more', { parser: nonEmpty() }),
  dryRun: flag('--dry-run', 'show what would be moved, change nothing'),
  reasonText: reasonTextOption,
};
type DrainOptions = OptionValues<typeof options>;

export const queuesDrainCommand = defineCommand({
  path: ['queues', 'drain'],
  summary: 'Move what waits on Service Bus to the local queue',
  description:
    'For taking Service Bus out of use: set USE_SERVICE_BUS=false, then drain. Jobs that wait, are due later or were never sent get a message on the local queue; ' +
    'what is left of them on Service Bus is removed or counts no longer. Jobs of other producers are taken over. Interrupted, it goes on when it is typed again.',
  examples: ['copiloteval queues drain --to local --dry-run', 'copiloteval queues drain --to local --queue evaluation-jobs', 'copiloteval queues drain --to local --yes -o json'],
  options,
  changes: true,
  run: (_args, given, context) => runQueuesDrain(given, context),
});

async function runQueuesDrain(given: DrainOptions, context: CommandContext): Promise<void> {
  const { io } = context;
  const runtime = await context.runtime();
  if (context.config.store === 'cosmos') {
    throw new AppError('REFUSED', 'jobs in Cosmos DB have no local queue to be moved to; nothing was moved', {
      hint: 'what cannot be sent waits in Cosmos DB until Service Bus is back',
    });
  }
  if (!given.dryRun) requireReason(given.reasonText, context);
  const { planDrain } = await import('../../services/drain-plan.js');
  const plan = await planDrain(runtime.elsewhere, given.queue, runtime.clock.now());
  const ports = portsOf(runtime);
  if (given.dryRun) {
    io.print({ json: { dryRun: true, ...plan }, lines: plan.queues, text: `${planText(plan, ports)}\nnothing was moved (--dry-run)` });
    return;
  }
  if (plan.jobs === 0 && ports.remote === null) return printResult(NOTHING, context);
  io.note(planText(plan, ports));
  refuseTooMany(plan.jobs, counted(plan.jobs, 'job'), context);
  await io.confirm({ question: plan.jobs === 0 ? 'look through Service Bus for what is left there?' : `move ${counted(plan.jobs, 'job')} to the local queue?` });
  const result = await drain(ports, plan, given, context);
  printResult(result, context);
  const problem = problemOf(result, context);
  if (problem !== undefined) throw problem;
}

async function drain(ports: DrainPorts, plan: DrainPlan, given: DrainOptions, context: CommandContext): Promise<DrainResult> {
  const { io, signal } = context;
  const { drainToLocal } = await import('../../services/drain-to-local.js');
  const progress = io.progress({ label: 'moving', total: plan.jobs });
  const request = { queues: given.queue, reason: given.reasonText ?? 'drained to the local queue', signal, onProgress: (moved: number) => progress.update(moved, Math.max(moved, plan.jobs)) };
  try {
    return await audited(given.reasonText, context, () => drainToLocal(ports, request), ({ moved, running }) => ({ changed: moved, failed: running }));
  } finally {
    progress.done();
  }
}

/** Beside Service Bus and without it: its queues are the runtime's own, or those that the settings still know. */
function portsOf(runtime: Runtime): DrainPorts {
  const { jobTypes } = runtime;
  const remote = runtime.source === 'servicebus' ? { queue: runtime.queue, admin: runtime.admin } : runtime.leftBehind;
  const known = jobTypes.queues();
  return {
    ...runtime,
    localQueue: runtime.local?.queue ?? runtime.queue,
    localAdmin: runtime.local?.admin ?? runtime.admin,
    remote,
    ownQueues: known.map(({ name }) => name),
    settingsOf: async (queue) => {
      const settings = known.find(({ name }) => name === queue) ?? known[0];
      if (settings === undefined) throw new AppError('QUEUE_UNKNOWN', `no queue is named ${queue}`);
      return { ...settings, name: queue };
    },
  };
}

const NOTHING: DrainResult = { moved: 0, takenOver: 0, removed: 0, running: 0, unreadable: 0, left: [], problem: null };

function planText({ jobs, queues }: DrainPlan, { remote }: DrainPorts): string {
  const lines = queues.map(({ queue, ...counts }) => `  ${queue}: ${placesText(counts)}`);
  const there = remote === null ? 'Service Bus itself is not looked at: the settings name no connection' : 'then Service Bus is looked through for copies and for jobs of other producers';
  return printable([`${counted(jobs, 'job is', 'jobs are')} on, or for, Service Bus`, ...lines, there].join('\n'), { lines: true });
}

const PLACES: readonly (readonly [keyof Omit<DrainPlanQueue, 'queue'>, string])[] = [
  ['waiting', 'waiting'],
  ['scheduled', 'due later'],
  ['unsent', 'not sent yet'],
  ['running', 'running'],
];

function placesText(counts: Omit<DrainPlanQueue, 'queue'>): string {
  return PLACES.filter(([place]) => counts[place] > 0)
    .map(([place, words]) => `${formatCount(counts[place])} ${words}`)
    .join(', ');
}

function printResult(result: DrainResult, { io }: CommandContext): void {
  const { problem, ...counts } = result;
  io.print({
    json: { ...counts, problem: problem === null ? null : { code: problem.code, message: problem.message, hint: problem.hint ?? null } },
    text: () => resultText(result),
  });
}

function resultText({ moved, takenOver, removed, unreadable, left }: DrainResult): string {
  const lines = [
    moved === 0 ? 'nothing was left to move' : `moved ${counted(moved, 'job')} to the local queue${takenOver === 0 ? '' : `, ${formatCount(takenOver)} of them of other producers`}`,
    ...(removed === 0 ? [] : [`removed ${counted(removed, 'message')} from Service Bus`]),
    ...(unreadable === 0 ? [] : [`left ${counted(unreadable, 'message')} there that cannot be read as jobs`]),
    ...left.flatMap(({ queue, scheduled, deadLetter }) => [
      ...(scheduled === 0 ? [] : [`${queue}: ${counted(scheduled, 'message')} due later ${scheduled === 1 ? 'is' : 'are'} still there; copies of moved jobs count no longer`]),
      ...(deadLetter === 0 ? [] : [`${queue}: ${counted(deadLetter, 'dead letter')} ${deadLetter === 1 ? 'stays' : 'stay'} there; \`copiloteval retry\` queues ${deadLetter === 1 ? 'its job' : 'their jobs'} from the store`]),
    ]),
  ];
  return printable(lines.join('\n'), { lines: true });
}

function problemOf({ moved, running, problem }: DrainResult, { signal }: CommandContext): AppError | undefined {
  if (problem !== null && moved === 0 && running === 0) return problem;
  if (problem !== null) {
    return new AppError('PARTLY_DONE', `the jobs of the store were moved; Service Bus could not be looked through: ${problem.message} [${problem.code}]`, {
      hint: `${problem.hint === undefined ? '' : `${problem.hint}; then `}type it again`,
    });
  }
  if (running > 0) {
    return new AppError('PARTLY_DONE', `${counted(running, 'job is', 'jobs are')} run by workers that took ${running === 1 ? 'it' : 'them'} from Service Bus`, {
      hint: 'let them end, or stop the workers (`copiloteval worker list`), then type it again',
    });
  }
  return signal.aborted ? new AppError('PARTLY_DONE', 'stopped before everything was moved', { hint: 'type it again' }) : undefined;
}
