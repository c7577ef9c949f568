// `copiloteval queues pause`: workers take nothing from these queues until they are resumed.

import { knownQueues } from '../../services/queue-settings.js';
import { defineCommand, type CommandContext } from '../command.js';
import { audited, reasonTextOption, requireReason } from '../guard-rails.js';
import { remainingArguments, type OptionValues } from '../option-specs.js';
import { viewQueue } from './list.js';

const options = { reasonText: reasonTextOption };

export const queuesPauseCommand = defineCommand({
  path: ['queues', 'pause'],
  summary: 'Stop workers from taking jobs of a queue',
  description: 'What workers hold goes on, and submitting goes on: jobs wait until the queue is resumed.',
  examples: ['copiloteval queues pause evaluation-jobs'],
  arguments: { names: remainingArguments('queue names', { required: true }) },
  options,
  changes: true,
  run: ({ names }, given, context) => runQueuesPause(names, given, context),
});

async function runQueuesPause(names: readonly string[], { reasonText }: OptionValues<typeof options>, context: CommandContext): Promise<void> {
  const runtime = await context.runtime();
  requireReason(reasonText, context);
  const chosen = await knownQueues(runtime, names);
  const pause = async (): Promise<void> => {
    for (const name of chosen) await runtime.admin.pause(name, context.config.userId);
  };
  await audited(reasonText, context, pause, () => ({ changed: chosen.length, failed: 0 }));
  const now = runtime.clock.now();
  const queues = (await runtime.admin.list(chosen)).map((queue) => viewQueue(queue, now));
  context.io.print({ json: { queues }, lines: queues, text: queues.map(({ name }) => `${name}  paused`).join('\n') });
}
