// `dashboard --once`: one frame as text, or its data as JSON.

import type { CommandContext } from '../command.js';
import type { DashboardOptions } from '../dashboard.js';
import { lookOf, sessionOf } from './dashboard-start.js';

/** Without a terminal, wide enough for all columns that matter. */
const COLUMNS = 100;
/** Lists are cut here; the overview is as tall as a screen. */
const ROWS = { overview: 34, jobs: 60, dead: 60, workers: 60, log: 60 } as const;

export async function printFrame(given: DashboardOptions, context: CommandContext): Promise<void> {
  const { io, config, env, signal } = context;
  const [runtime, { lookOnce }] = await Promise.all([context.runtime(), import('../../tui/once.js')]);
  const size = { columns: io.stdoutIsTerminal ? io.columns : columnsOf(env.text('COLUMNS')), rows: ROWS[given.view] };
  const start = { session: sessionOf(config, given, context, runtime), look: lookOf(given, context), size, now: runtime.clock.now(), view: given.view, filter: given.filter ?? '' };
  const { text, json } = await lookOnce(runtime, start, signal);
  io.print({ json, text });
}

function columnsOf(text: string | undefined): number {
  const columns = Number(text);
  return Number.isInteger(columns) && columns >= 60 && columns <= 500 ? columns : COLUMNS;
}
