// `copiloteval dlq groups`: dead letters by why they are there.

import { shortId } from '../../domain/ids.js';
import { formatCount, relativeTime } from '../../output/quantities.js';
import { renderTable } from '../../output/table.js';
import { groupLetters, type LetterGroup } from '../../services/dead-letters/group-letters.js';
import { isoTime } from '../../services/job-view.js';
import { defineCommand, type CommandContext } from '../command.js';
import { chooseForReading, selectionOptions, type SelectionOptions } from './selection-options.js';

export const dlqGroupsCommand = defineCommand({
  path: ['dlq', 'groups'],
  summary: 'Group dead letters by their reason, ids and numbers left out',
  description: 'The name of a group is made from its reason and stays the same; every `dlq` command takes it with --group.',
  examples: ['copiloteval dlq groups', 'copiloteval dlq groups --queue evaluation-jobs -o json'],
  options: selectionOptions,
  run: runDlqGroups,
});

async function runDlqGroups(_args: object, given: SelectionOptions, context: CommandContext): Promise<void> {
  const { io, signal } = context;
  const runtime = await context.runtime();
  const chosen = await chooseForReading(given, runtime);
  const progress = io.progress({ label: 'looking at dead letters' });
  const groups = await groupLetters(runtime, { ...chosen, signal, onScanned: (scanned) => progress.update(scanned) }).finally(() => progress.done());
  const views = groups.map(viewGroup);
  io.print({ json: { groups: views }, lines: views, text: () => (groups.length === 0 ? 'no dead letters' : groupsTable(groups, runtime.clock.now(), io)) });
}

function viewGroup({ firstSeenAt, lastSeenAt, ...group }: LetterGroup): object {
  const { name, reason, count, types, queues, example } = group;
  return { name, reason, count, firstSeenAt: isoTime(firstSeenAt), lastSeenAt: isoTime(lastSeenAt), types, queues, example };
}

function groupsTable(groups: readonly LetterGroup[], now: number, io: CommandContext['io']): string {
  return renderTable(
    {
      columns: [
        { header: 'group' },
        { header: 'letters', align: 'right' },
        { header: 'first' },
        { header: 'last' },
        { header: 'types' },
        { header: 'example' },
        { header: 'reason', flexible: true },
      ],
      rows: groups.map(({ name, count, firstSeenAt, lastSeenAt, types, example, reason }) => [
        { text: name, paint: io.style.bold },
        formatCount(count),
        relativeTime(firstSeenAt, now),
        relativeTime(lastSeenAt, now),
        types.length === 0 ? '-' : types.join(', '),
        example.jobId === null ? `#${example.sequenceNumber}` : shortId(example.jobId),
        reason,
      ]),
    },
    io,
  );
}
