// `copiloteval queues pause`: workers take nothing from these queues until they are resumed.

import { knownQueues } from '../../services/queue-settings.js';
import { defineCommand, type CommandContext } from '../command.js';
import { remainingArguments } from '../option-specs.js';
import { viewQueue } from './list.js';

export const queuesPauseCommand = defineCommand({
  path: ['queues', 'pause'],
  summary: 'Stop workers from taking jobs of a queue',
  description: 'What workers hold goes on, and submitting goes on: jobs wait until the queue is resumed.',
  examples: ['copiloteval queues pause evaluation-jobs'],
  arguments: { names: remainingArguments('queue names', { required: true }) },
  run: ({ names }, _options, context) => runQueuesPause(names, context),
});

async function runQueuesPause(names: readonly string[], context: CommandContext): Promise<void> {
  const runtime = await context.runtime();
  const chosen = await knownQueues(runtime, names);
  for (const name of chosen) await runtime.admin.pause(name, context.config.userId);
  const now = runtime.clock.now();
  const queues = (await runtime.admin.list(chosen)).map((queue) => viewQueue(queue, now));
  context.io.print({ json: { queues }, lines: queues, text: queues.map(({ name }) => `${name}  paused`).join('\n') });
}
