// `copiloteval dlq peek`: looks at dead letters without changing anything.

import { selectsEverything } from '../../domain/dead-letters/selection.js';
import { counted } from '../../output/quantities.js';
import { viewLetter } from '../../services/dead-letters/letter-view.js';
import { peekLetters } from '../../services/dead-letters/peek-letters.js';
import { defineCommand, type CommandContext } from '../command.js';
import { integer, nonEmpty } from '../option-parsers.js';
import { option, type OptionValues } from '../option-specs.js';
import { lettersTable } from './letter-text.js';
import { chooseForReading, selectionOptions } from './selection-options.js';

const options = {
  ...selectionOptions,
  limit: option('--limit <n>', 'at most so many', { parser: integer({ min: 1, max: 10_000 }), default: 20 }),
  cursor: option('--cursor <text>', 'go on behind the page that ended with this nextCursor', { parser: nonEmpty() }),
};

export const dlqPeekCommand = defineCommand({
  path: ['dlq', 'peek'],
  summary: 'Look at dead letters, oldest first, of all queues or some',
  description: 'Locks and changes nothing. Bodies are shown whole with `dlq show` and with -o json.',
  examples: [
    'copiloteval dlq peek',
    'copiloteval dlq peek --queue evaluation-jobs --type http --older-than 1h',
    `copiloteval dlq peek --where 'payload.url ~ example.org' -o json`,
  ],
  options,
  run: runDlqPeek,
});

async function runDlqPeek(_args: object, given: OptionValues<typeof options>, context: CommandContext): Promise<void> {
  const { io, signal } = context;
  const runtime = await context.runtime();
  const chosen = await chooseForReading(given, runtime);
  const progress = io.progress({ label: 'looking at dead letters' });
  const { letters, nextCursor } = await peekLetters(runtime, {
    ...chosen,
    limit: given.limit,
    ...(given.cursor === undefined ? {} : { cursor: given.cursor }),
    signal,
    onScanned: (scanned) => progress.update(scanned),
  }).finally(() => progress.done());
  const deadLetters = letters.map(viewLetter);
  io.print({
    json: { deadLetters, nextCursor },
    lines: deadLetters,
    text: () => (letters.length === 0 ? emptyText(selectsEverything(chosen.selection)) : lettersTable(letters, runtime.clock.now(), io)),
  });
  if (nextCursor !== null) io.note(`there are more than ${counted(letters.length, 'letter')}: add \`--cursor ${nextCursor}\` for the next page, or \`--limit\``);
}

function emptyText(everything: boolean): string {
  return everything ? 'no dead letters' : 'no dead letter fits';
}
