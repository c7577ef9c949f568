// The live screen: opens the terminal and the profile, and stays until the user leaves.

import type { ReadStream, WriteStream } from 'node:tty';
import { loadConfig, type Config } from '../../config/config.js';
import { systemClock } from '../../ports/clock.js';
import type { Session } from '../../tui/model.js';
import type { OpenDashboard } from '../../tui/run/open-dashboard.js';
import type { OpenedProfile } from '../../tui/run/place.js';
import type { TerminalSettings } from '../../tui/terminal/open-terminal.js';
import type { CommandContext } from '../command.js';
import type { DashboardOptions } from '../dashboard.js';
import { exitCodeOfSignal } from '../signals.js';
import { lookOf, sessionOf } from './dashboard-start.js';
import { openSavedChoices } from './saved-choices.js';

export async function showScreen(given: DashboardOptions, context: CommandContext): Promise<number> {
  const { config } = context;
  const [{ openTerminal }, { firstScreen }, { skeleton }, { EarlyEvents }] = await Promise.all([
    import('../../tui/terminal/open-terminal.js'),
    import('../../tui/terminal/first-screen.js'),
    import('../../tui/run/skeleton.js'),
    import('../../tui/run/early-events.js'),
  ]);
  const session = sessionOf(config, given, context, undefined);
  const terminal = openTerminal({ stdin: stdin(), stdout: stdout(), clock: systemClock, settings: { ...terminalSettings(context), isScreenPainted: firstScreen.take() } });
  const early = new EarlyEvents(terminal);
  const giveBack = context.onSignal(({ name }) => early.leave(exitCodeOfSignal(name)));
  try {
    terminal.draw(skeleton(terminal.size, { session, ascii: lookOf(given, context).ascii }));
    return await (await import('../../tui/run/open-dashboard.js')).openDashboard({ ...partsOf(session, given, context), terminal, early });
  } finally {
    terminal.restore();
    giveBack();
  }
}

function partsOf(session: Session, given: DashboardOptions, context: CommandContext): Omit<OpenDashboard, 'terminal' | 'early'> {
  const { config, cwd } = context;
  return {
    clock: systemClock,
    start: { look: lookOf(given, context), view: given.view, filter: given.filter ?? '' },
    cwd,
    shelf: openSavedChoices(context.place.dataDir),
    session,
    openFirst: () => openProfile(config, given, context),
    openProfile: (name) => openProfile(loadConfig({ ...context, profile: name }), given, context),
  };
}

/** Not through the context, which prints a banner on the terminal: the screen has its own. */
async function openProfile(config: Config, given: DashboardOptions, context: CommandContext): Promise<OpenedProfile> {
  const { openRuntime } = await import('../../runtime.js');
  const runtime = await openRuntime(config);
  return { ports: runtime, session: sessionOf(config, given, context, runtime), retentionDays: config.retentionDays, close: () => runtime.close() };
}

function terminalSettings({ env }: CommandContext): Omit<TerminalSettings, 'isScreenPainted'> {
  return {
    insideTmux: env.text('TMUX') !== undefined,
    fallbackSize: { columns: sizeOf(env.text('COLUMNS'), 80), rows: sizeOf(env.text('LINES'), 24) },
    editor: env.text('VISUAL') ?? env.text('EDITOR') ?? 'vi',
  };
}

function sizeOf(text: string | undefined, fallback: number): number {
  const size = Number(text);
  return Number.isInteger(size) && size > 0 && size < 10_000 ? size : fallback;
}

/** Both are terminals: the command has looked. */
function stdin(): ReadStream {
  return process.stdin;
}

function stdout(): WriteStream & { readonly fd: number } {
  return process.stdout;
}
