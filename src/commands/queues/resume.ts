// `copiloteval queues resume`: workers take from these queues again.

import { knownQueues } from '../../services/queue-settings.js';
import { defineCommand, type CommandContext } from '../command.js';
import { remainingArguments } from '../option-specs.js';
import { viewQueue } from './list.js';

export const queuesResumeCommand = defineCommand({
  path: ['queues', 'resume'],
  summary: 'Let workers take jobs of a paused queue again',
  examples: ['copiloteval queues resume evaluation-jobs'],
  arguments: { names: remainingArguments('queue names', { required: true }) },
  run: ({ names }, _options, context) => runQueuesResume(names, context),
});

async function runQueuesResume(names: readonly string[], context: CommandContext): Promise<void> {
  const runtime = await context.runtime();
  const chosen = await knownQueues(runtime, names);
  for (const name of chosen) await runtime.admin.resume(name);
  const now = runtime.clock.now();
  const queues = (await runtime.admin.list(chosen)).map((queue) => viewQueue(queue, now));
  context.io.print({ json: { queues }, lines: queues, text: queues.map(({ name }) => `${name}  open`).join('\n') });
}
