// `copiloteval queues resume`: workers take from these queues again.

import { knownQueues } from '../../services/queue-settings.js';
import { defineCommand, type CommandContext } from '../command.js';
import { audited, reasonTextOption, requireReason } from '../guard-rails.js';
import { remainingArguments, type OptionValues } from '../option-specs.js';
import { viewQueue } from './list.js';

const options = { reasonText: reasonTextOption };

export const queuesResumeCommand = defineCommand({
  path: ['queues', 'resume'],
  summary: 'Let workers take jobs of a paused queue again',
  examples: ['copiloteval queues resume evaluation-jobs'],
  arguments: { names: remainingArguments('queue names', { required: true }) },
  options,
  changes: true,
  run: ({ names }, given, context) => runQueuesResume(names, given, context),
});

async function runQueuesResume(names: readonly string[], { reasonText }: OptionValues<typeof options>, context: CommandContext): Promise<void> {
  const runtime = await context.runtime();
  requireReason(reasonText, context);
  const chosen = await knownQueues(runtime, names);
  const resume = async (): Promise<void> => {
    for (const name of chosen) await runtime.admin.resume(name);
  };
  await audited(reasonText, context, resume, () => ({ changed: chosen.length, failed: 0 }));
  const now = runtime.clock.now();
  const queues = (await runtime.admin.list(chosen)).map((queue) => viewQueue(queue, now));
  context.io.print({ json: { queues }, lines: queues, text: queues.map(({ name }) => `${name}  open`).join('\n') });
}
