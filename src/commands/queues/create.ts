// `copiloteval queues create`: makes queues, or changes their settings to what is said.

import { AppError } from '../../domain/errors.js';
import type { QueueDefinition } from '../../domain/queue-registry.js';
import { printable } from '../../output/sanitize.js';
import type { QueuePlan, QueueSettings } from '../../ports/queue-admin.js';
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
  const planned = await planAll(wanted, runtime);
  for (const { settings, plan } of planned) if (plan !== null && plan.outcome !== 'unchanged') io.note(printable(planText(settings.name, plan), { lines: true }));
  for (const warning of planned.flatMap(({ plan }) => plan?.warnings ?? [])) io.warn(warning);
  const queues = given.dryRun
    ? planned.map(({ settings, plan }) => ({ ...settings, outcome: 'planned', plan }))
    : await createAgreed(planned, given, runtime, context);
  io.print({
    json: { queues, ...(given.dryRun ? { dryRun: true } : {}) },
    lines: queues,
    text: queues.map(({ name, outcome, plan }) => `${name}  ${given.dryRun && plan !== null ? `would be ${plan.outcome}` : outcome}`).join('\n'),
  });
}

interface Planned {
  readonly settings: QueueSettings;
  /** Null where the backend makes no plans. */
  readonly plan: QueuePlan | null;
}

type CreatedQueue = QueueSettings & { readonly outcome: string; readonly plan: QueuePlan | null };

async function planAll(wanted: readonly QueueSettings[], { admin }: Runtime): Promise<readonly Planned[]> {
  const planned: Planned[] = [];
  for (const settings of wanted) planned.push({ settings, plan: (await admin.plan?.(settings)) ?? null });
  return planned;
}

function planText(name: string, { outcome, changes }: QueuePlan): string {
  const lines = changes.map(({ setting, from, to }) => `  ${setting}: ${from === null ? to : `${from} -> ${to}`}`);
  return [`${name}: ${outcome === 'created' ? 'new' : 'changed'}`, ...lines].join('\n');
}

/** Others may rely on the settings of a queue that is there already; a new one is in nobody's way. */
async function createAgreed(planned: readonly Planned[], { reasonText }: CreateOptions, runtime: Runtime, context: CommandContext): Promise<readonly CreatedQueue[]> {
  const changing = planned.filter(({ plan }) => plan?.outcome === 'changed').map(({ settings }) => settings.name);
  if (changing.length > 0) await context.io.confirm({ question: `change ${changing.length === 1 ? 'the queue' : 'the queues'} ${printable(changing.join(', '))}?` });
  const created = (made: readonly CreatedQueue[]): { changed: number; failed: number } => ({ changed: made.filter(({ outcome }) => outcome !== 'unchanged').length, failed: 0 });
  return audited(reasonText, context, () => createAll(planned, runtime), created);
}

/** Each queue on its own: if the process dies in between, the rest is made by doing it again. */
async function createAll(planned: readonly Planned[], { admin }: Runtime): Promise<readonly CreatedQueue[]> {
  const made: CreatedQueue[] = [];
  for (const { settings, plan } of planned) made.push({ ...settings, outcome: await admin.create(settings), plan });
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
