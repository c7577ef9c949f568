// The first frame, drawn before the program behind it is read in: where one is, and that it is coming.

import type { Size } from '../terminal/terminal.js';

export interface Known {
  /** Undefined: the settings have not been read yet. */
  readonly session: { readonly profile: string; readonly place: string; readonly production: boolean } | undefined;
  /** The terminal shows nothing but ASCII. */
  readonly ascii: boolean;
}

/** As many rows as the screen has; names are expected to be short and plain, everything else is cut off. */
export function skeleton({ columns, rows }: Size, { session, ascii }: Known): string {
  const head = ` \u001B[1mcopiloteval\u001B[0m  ${session === undefined ? '' : placeOf(session, columns)}connecting ${ascii ? '...' : '…'}`;
  const tabs = columns >= 80 ? ' 1 Overview   2 Jobs   3 Dead letters   4 Workers   5 Log' : ' 1 Over   2 Jobs   3 Dead   4 Work   5 Log';
  return [head, tabs, (ascii ? '-' : '─').repeat(columns), ...new Array<string>(Math.max(0, rows - 3)).fill('')].slice(0, rows).join('\n');
}

function placeOf({ profile, place, production }: NonNullable<Known['session']>, columns: number): string {
  const plain = (text: string): string => text.replace(/[^ -~]/g, '?');
  const tag = production ? `\u001B[1;7m PRODUCTION ${plain(profile)} \u001B[0m` : `[${plain(profile)}]`;
  return `${tag} ${columns >= 80 ? `${plain(place)}  ` : ' '}`;
}
