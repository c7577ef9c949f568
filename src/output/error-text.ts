// The one printer of errors, for people and for programs.

import { AppError } from '../domain/errors.js';
import type { OutputFormat } from './io.js';
import { printable } from './sanitize.js';
import type { Style } from './style.js';

/** The line or lines for stderr, with the line end. An error that is no AppError is a bug and says so. */
export function errorText(error: unknown, settings: { format: OutputFormat; debug: boolean; style: Style }): string {
  const known = error instanceof AppError ? error : undefined;
  const code = known?.code ?? 'INTERNAL';
  const message = known?.message ?? `this is a bug in copiloteval: ${messageOf(error)}`;
  const hint = known ? known.hint : 'run the command again with `--debug` and report what it prints';
  if (settings.format !== 'text') {
    const body = { code, message, ...(hint !== undefined && { hint }), ...(known?.details && { details: known.details }) };
    return `${JSON.stringify({ error: { ...body, ...(settings.debug && { stack: stackOf(error) }) } })}\n`;
  }
  const { style } = settings;
  const lines = [`${style.red('error:')} ${printable(message)}  ${style.dim(`[${code}]`)}`];
  if (hint !== undefined) lines.push(`${style.cyan('hint:')}  ${printable(hint)}`);
  if (settings.debug) lines.push(printable(stackOf(error), { lines: true }));
  return `${lines.join('\n')}\n`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? error.message;
  return error.cause === undefined ? own : `${own}\ncaused by: ${stackOf(error.cause)}`;
}
