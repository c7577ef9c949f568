// `copiloteval queues resume`: workers take from these queues again.

import type { QueueInfo } from '../../ports/queue-admin.js';
import type { Runtime } from '../../runtime.js';
import { knownQueues } from '../../services/queue-settings.js';
import { defineCommand, type CommandContext } from '../command.js';
import { audited, reasonTextOption, requireReason } from '../guard-rails.js';
import { flag, remainingArguments, type OptionValues } from '../option-specs.js';
import { viewQueue } from './list.js';

const options = {
  hard: flag('--hard', 'also when somebody else has switched the queue off on Service Bus (Disabled, SendDisabled)'),
  reasonText: reasonTextOption,
};

export const queuesResumeCommand = defineCommand({
  path: ['queues', 'resume'],
  summary: 'Let workers take jobs of a paused queue again',
  description: 'What `queues pause --hard` switched off on Service Bus is switched on again.',
  examples: ['copiloteval queues resume evaluation-jobs'],
  arguments: { names: remainingArguments('queue names', { required: true }) },
  options,
  changes: true,
  run: ({ names }, given, context) => runQueuesResume(names, given, context),
});

async function runQueuesResume(names: readonly string[], { hard, reasonText }: OptionValues<typeof options>, context: CommandContext): Promise<void> {
  const runtime = await context.runtime();
  requireReason(reasonText, context);
  const chosen = await knownQueues(runtime, names);
  const before = await runtime.admin.list(chosen);
  const resume = async (): Promise<void> => {
    for (const queue of before) await resumeOne(queue, hard, runtime);
  };
  await audited(reasonText, context, resume, () => ({ changed: chosen.length, failed: 0 }));
  const now = runtime.clock.now();
  const queues = (await runtime.admin.list(chosen)).map((queue) => viewQueue(queue, now));
  for (const { name, status } of queues) {
    if (status !== null && status !== 'Active') context.io.warn(`${name} is ${status} on Service Bus, which \`pause\` did not do: \`copiloteval queues resume ${name} --hard\` switches it on`);
  }
  context.io.print({ json: { queues }, lines: queues, text: queues.map(({ name, status }) => `${name}  ${status === null || status === 'Active' ? 'open' : status}`).join('\n') });
}

/** The broker first: workers must not run into a queue that is still off. */
async function resumeOne({ name, status }: QueueInfo, hard: boolean, { admin }: Runtime): Promise<void> {
  if (status === 'ReceiveDisabled' || (hard && status !== undefined && status !== 'Active')) await admin.setStatus?.(name, 'Active');
  await admin.resume(name);
}
