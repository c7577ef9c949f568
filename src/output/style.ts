// Colours, off by default. Colour never carries a meaning alone: the text says the same without it.

import type { OutputStream } from './streams.js';

export type Paint = (text: string) => string;

export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
  readonly magenta: Paint;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const asIs: Paint = (text) => text;

export const PLAIN_STYLE: Style = {
  bold: asIs,
  dim: asIs,
  red: asIs,
  green: asIs,
  yellow: asIs,
  cyan: asIs,
  magenta: asIs,
};

/**
 * Whether to colour a stream: `--no-color` and NO_COLOR (https://no-color.org) say no, FORCE_COLOR says yes,
 * else a terminal that is not TERM=dumb does.
 */
export function wantsColor(stream: Pick<OutputStream, 'isTerminal'>, env: Environment, noColor: boolean): boolean {
  if (noColor || (env['NO_COLOR'] ?? '') !== '') return false;
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return stream.isTerminal && env['TERM'] !== 'dumb';
}

/** chalk's sixteen colours, which follow the user's theme. Loaded only when there is something to colour. */
export async function colorStyle(): Promise<Style> {
  const { Chalk } = await import('chalk');
  return new Chalk({ level: 1 });
}
