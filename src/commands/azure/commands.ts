// `copiloteval azure commands`: the az lines that create what the profile names. It runs none of them.

import { AppError } from '../../domain/errors.js';
import { printable } from '../../output/sanitize.js';
import { defineCommand, type CommandContext } from '../command.js';
import type { Parser } from '../option-parsers.js';
import { option, type OptionValues } from '../option-specs.js';

const options = {
  assignee: option('--assignee <id>', 'the object id of the identity that gets the rights; WHO when not given', { parser: objectId() }),
};

export const azureCommandsCommand = defineCommand({
  path: ['azure', 'commands'],
  summary: 'Print the az lines that create what the profile names',
  description:
    'Namespace and queues, database and container with its index, storage container, vault, and the rights of an identity. Runs nothing and asks nobody. What the settings do not say stands in capitals. infra/main.bicep creates the same at once.',
  examples: ['copiloteval azure commands', 'copiloteval azure commands --profile cloud --assignee 00000000-0000-0000-0000-000000000000 > create.sh'],
  options,
  run: runAzureCommands,
});

async function runAzureCommands(_args: object, { assignee }: OptionValues<typeof options>, { io, config }: CommandContext): Promise<void> {
  const { azureCommands } = await import('../../runtime.js');
  const sections = (await azureCommands(config)).map(({ title, lines }) => ({ title, lines: lines.map((line) => (assignee === undefined ? line : line.replace(/\bWHO\b/, assignee))) }));
  if (sections.length === 0) {
    throw new AppError('CONFIG_INVALID', `the profile ${config.profile} names nothing in Azure`, {
      hint: 'make one that does: `copiloteval init --profile cloud --set queue=servicebus --set store=cosmos --set blobs=azure`',
    });
  }
  io.print({
    json: { sections },
    lines: sections,
    text: sections.map(({ title, lines }) => [`# ${title}`, ...lines].map((line) => printable(line)).join('\n')).join('\n\n'),
  });
}

/** `az ad signed-in-user show --query id -o tsv` prints one's own. */
function objectId(): Parser<string> {
  return {
    expects: 'an object id such as 00000000-0000-0000-0000-000000000000',
    read: (text) => (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? text : undefined),
  };
}
