// `copiloteval queues pause`: workers take nothing from these queues until they are resumed.

import { AppError } from '../../domain/errors.js';
import { isLocalQueueName } from '../../domain/local-queue-name.js';
import type { Runtime } from '../../runtime.js';
import { knownQueues } from '../../services/queue-settings.js';
import { defineCommand, type CommandContext } from '../command.js';
import { audited, reasonTextOption, requireReason } from '../guard-rails.js';
import { flag, remainingArguments, type OptionValues } from '../option-specs.js';
import { viewQueue } from './list.js';

const options = {
  hard: flag('--hard', "switch receiving off on Service Bus itself, for everybody: what workers hold then cannot be completed and runs again later"),
  reasonText: reasonTextOption,
};

export const queuesPauseCommand = defineCommand({
  path: ['queues', 'pause'],
  summary: 'Stop workers from taking jobs of a queue',
  description: 'What workers hold goes on, and submitting goes on: jobs wait until the queue is resumed.',
  examples: ['copiloteval queues pause evaluation-jobs', `copiloteval queues pause evaluation-jobs --hard --reason-text 'the target is down'`],
  arguments: { names: remainingArguments('queue names', { required: true }) },
  options,
  changes: true,
  run: ({ names }, given, context) => runQueuesPause(names, given, context),
});

async function runQueuesPause(names: readonly string[], { hard, reasonText }: OptionValues<typeof options>, context: CommandContext): Promise<void> {
  const runtime = await context.runtime();
  requireReason(reasonText, context);
  const switchOff = hard ? brokerSwitch(names, runtime) : undefined;
  const chosen = await knownQueues(runtime, names);
  const pause = async (): Promise<void> => {
    // The flag first: workers stop asking before the broker refuses them.
    for (const name of chosen) await runtime.admin.pause(name, context.config.userId);
    for (const name of chosen) await switchOff?.(name, 'ReceiveDisabled');
  };
  await audited(reasonText, context, pause, () => ({ changed: chosen.length, failed: 0 }));
  const now = runtime.clock.now();
  const queues = (await runtime.admin.list(chosen)).map((queue) => viewQueue(queue, now));
  const state = hard ? 'paused, and receiving is switched off on Service Bus' : 'paused';
  context.io.print({ json: { queues }, lines: queues, text: queues.map(({ name }) => `${name}  ${state}`).join('\n') });
}

function brokerSwitch(names: readonly string[], { admin }: Runtime): NonNullable<Runtime['admin']['setStatus']> {
  if (admin.setStatus === undefined || names.some(isLocalQueueName)) {
    throw new AppError('USAGE_INVALID', '--hard is for queues of Service Bus: those of the store have no switch of their own', { hint: 'pause them without it' });
  }
  return admin.setStatus.bind(admin);
}
