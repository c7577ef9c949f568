// `dashboard --plain`: a line for each change, until Ctrl-C.

import type { CommandContext } from '../command.js';
import type { DashboardOptions } from '../dashboard.js';
import { lookOf, sessionOf } from './dashboard-start.js';

const SIZE = { columns: 100, rows: 40 };

export async function printChanges(given: DashboardOptions, context: CommandContext): Promise<void> {
  const { io, config, signal } = context;
  const [runtime, { followPlainly }] = await Promise.all([context.runtime(), import('../../tui/plain.js')]);
  const start = { session: sessionOf(config, given, context, runtime), look: lookOf(given, context), size: SIZE, now: runtime.clock.now(), view: 'overview' as const, filter: '' };
  await followPlainly(runtime, start, signal, (line) => io.line({ change: line }, line));
}
