// `copiloteval queues create`: makes queues, or changes their settings to what is said.

import { AppError } from '../../domain/errors.js';
import type { QueueDefinition } from '../../domain/queue-registry.js';
import type { QueueSettings } from '../../ports/queue-admin.js';
import type { Runtime } from '../../runtime.js';
import { defineCommand, type CommandContext } from '../command.js';
import { audited, reasonTextOption, requireReason } from '../guard-rails.js';
import { duration, integer } from '../option-parsers.js';
import { flag, option, remainingArguments, type OptionValues } from '../option-specs.js';

const options = {
  maxAttempts: option('--max-attempts <n>', 'attempts of a job, the first included', { parser: integer({ min: 1, max: 100 }) }),
  lock: option('--lock <duration>', "how long a worker's lock holds without renewal", { parser: duration({ minMs: 100, maxMs: 3_600_000 }) }),
  ttl: option('--ttl <duration>', 'messages expire so long after they are due', { parser: duration({ minMs: 1000 }) }),
  dryRun: flag('--dry-run', 'show what would be made, change nothing'),
  reasonText: reasonTextOption,
};
type CreateOptions = OptionValues<typeof options>;

export const queuesCreateCommand = defineCommand({
  path: ['queues', 'create'],
  summary: 'Create queues, or bring their settings up to date',
  description: 'Without names: all queues of the registry and the configuration. Doing it twice changes nothing.',
  examples: ['copiloteval queues create', 'copiloteval queues create slow-jobs --lock 10m --max-attempts 5', 'copiloteval queues create --dry-run'],
  arguments: { names: remainingArguments('queue names; the known ones when none is given') },
  options,
  changes: true,
  run: ({ names }, given, context) => runQueuesCreate(names, given, context),
});

async function runQueuesCreate(names: readonly string[], given: CreateOptions, context: CommandContext): Promise<void> {
  const { io } = context;
  const runtime = await context.runtime();
  if (!given.dryRun) requireReason(given.reasonText, context);
  const wanted = await settingsOf(names, given, runtime);
  const queues = given.dryRun
    ? wanted.map((settings) => ({ ...settings, outcome: 'planned' }))
    : await audited(given.reasonText, context, () => createAll(wanted, runtime), (made) => ({ changed: made.filter(({ outcome }) => outcome !== 'unchanged').length, failed: 0 }));
  io.print({
    json: { queues, ...(given.dryRun ? { dryRun: true } : {}) },
    lines: queues,
    text: queues.map(({ name, outcome }) => `${name}  ${outcome}`).join('\n'),
  });
}

type CreatedQueue = QueueSettings & { readonly outcome: string };

/** Each queue on its own: if the process dies in between, the rest is made by doing it again. */
async function createAll(wanted: readonly QueueSettings[], { admin }: Runtime): Promise<readonly CreatedQueue[]> {
  const made: CreatedQueue[] = [];
  for (const settings of wanted) made.push({ ...settings, outcome: await admin.create(settings) });
  return made;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,259}$/;

async function settingsOf(names: readonly string[], given: CreateOptions, runtime: Runtime): Promise<readonly QueueSettings[]> {
  const known = runtime.jobTypes.queues();
  const chosen = names.length === 0 ? known.map(({ name }) => name) : [...new Set(names)];
  const existing = await runtime.admin.list();
  return chosen.map((name) => {
    if (!NAME.test(name)) {
      throw new AppError('INPUT_INVALID', `queue name: expected 1 to 260 letters, digits, dots, dashes, underscores or slashes, got ${JSON.stringify(name)}`);
    }
    const start: QueueDefinition | QueueSettings | undefined =
      known.find((queue) => queue.name === name) ?? existing.find((queue) => queue.name === name) ?? known[0];
    if (start === undefined) throw new AppError('QUEUE_UNKNOWN', 'the registry has no queue to take settings from');
    return {
      name,
      lockMs: given.lock ?? start.lockMs,
      ttlMs: given.ttl ?? start.ttlMs,
      maxAttempts: given.maxAttempts ?? start.maxAttempts,
    };
  });
}
