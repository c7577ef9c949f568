// A job's status as a table cell: a symbol and a colour on a terminal, always with the word.

import type { JobStatus } from '../domain/job.js';
import type { Paint, Style } from './style.js';

const LOOKS: Readonly<Record<JobStatus, { symbol: string; color: keyof Style }>> = {
  Queued: { symbol: '○', color: 'dim' },
  Running: { symbol: '●', color: 'cyan' },
  Succeeded: { symbol: '✓', color: 'green' },
  Failed: { symbol: '✗', color: 'red' },
  DeadLettered: { symbol: '†', color: 'magenta' },
  Cancelled: { symbol: '–', color: 'yellow' },
};

/** `✓ Succeeded` on a terminal, `Succeeded` in a pipe. */
export function statusCell(status: JobStatus, target: { stdoutIsTerminal: boolean; style: Style }): { text: string; paint: Paint } {
  const { symbol, color } = LOOKS[status];
  return { text: target.stdoutIsTerminal ? `${symbol} ${status}` : status, paint: target.style[color] };
}

/** The same as running text. */
export function statusText(status: JobStatus, target: { stdoutIsTerminal: boolean; style: Style }): string {
  const { text, paint } = statusCell(status, target);
  return paint(text);
}
