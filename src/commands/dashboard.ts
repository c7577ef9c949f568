// `copiloteval dashboard`: the live screen; one frame as text or JSON with --once; lines of changes with --plain.

import { AppError } from '../domain/errors.js';
import { defineCommand, type CommandContext } from './command.js';
import { choice, nonEmpty } from './option-parsers.js';
import { flag, option, type OptionValues } from './option-specs.js';

const VIEWS = ['overview', 'jobs', 'dead', 'workers', 'log'] as const;
const THEMES = ['default', 'cvd', 'high-contrast', 'mono'] as const;

const options = {
  view: option('--view <view>', 'the screen to begin with', { parser: choice(VIEWS), default: 'overview' as const }),
  filter: option('--filter <expr>', 'a filter for jobs or dead letters, see docs/where.md', { parser: nonEmpty() }),
  once: flag('--once', 'print one frame as text and end; also what a pipe gets', { conflicts: ['plain'] }),
  plain: flag('--plain', 'append a line per change instead of drawing a screen'),
  readOnly: flag('--read-only', 'block everything that changes something'),
  theme: option('--theme <name>', 'colours', { parser: choice(THEMES), default: 'default' as const }),
  ascii: flag('--ascii', 'characters of ASCII only'),
  bell: flag('--bell', 'ring when a job that you watch has ended'),
  resetTerminal: flag('--reset-terminal', 'bring a terminal back into order after a crash, and end', { conflicts: ['once', 'plain'] }),
};
export type DashboardOptions = OptionValues<typeof options>;

export const dashboardCommand = defineCommand({
  path: ['dashboard'],
  summary: 'Watch and work queues, jobs, dead letters and workers on one screen',
  description:
    'Lower-case keys move and look, upper-case keys change data after a question; ? shows all keys. ' +
    'A pipe gets one frame, as --once prints it; -o json prints the data behind it.',
  examples: [
    'copiloteval dashboard',
    'copiloteval dashboard --read-only --view dead',
    `copiloteval dashboard --once --view jobs --filter 'status = Failed'`,
    'copiloteval dashboard --once -o json',
  ],
  options,
  run: (_args, given, context) => runDashboard(given, context),
});

async function runDashboard(given: DashboardOptions, context: CommandContext): Promise<number | void> {
  const { io } = context;
  if (given.filter !== undefined) await checkFilter(given.filter);
  if (given.resetTerminal) {
    const { LEAVE_MODES } = await import('../tui/terminal/terminal-modes.js');
    io.write(LEAVE_MODES);
    io.note('if typed keys stay invisible: stty sane');
    return;
  }
  if (given.plain) {
    const { printChanges } = await import('./dashboard/print-changes.js');
    return printChanges(given, context);
  }
  const isDumb = context.env.text('TERM') === 'dumb';
  if (given.once || io.format !== 'text' || !io.stdoutIsTerminal || isDumb) {
    const { printFrame } = await import('./dashboard/print-frame.js');
    return printFrame(given, context);
  }
  if (!io.stdinIsTerminal) {
    throw new AppError('USAGE_INVALID', 'the dashboard needs a terminal to read keys from, and standard input is none', {
      hint: 'run it without a pipe in front, or with `--once`',
    });
  }
  const { showScreen } = await import('./dashboard/show-screen.js');
  return showScreen(given, context);
}

async function checkFilter(text: string): Promise<void> {
  const { parseWhere } = await import('../domain/where/parser.js');
  parseWhere(text);
}
