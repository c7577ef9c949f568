// The first frame of `copiloteval dashboard`, on the screen before the program is read in. Imports next to nothing.

import { speaksUnicode } from '../../output/speaks-unicode.js';
import type { Streams } from '../../output/streams.js';
import { firstScreen, wantsFirstScreen } from '../terminal/first-screen.js';
import { skeleton } from './skeleton.js';

/** Answers how the streams give the screen back before they write; undefined where none was painted. */
export function paintFirst(argv: readonly string[], owner: NodeJS.Process, env: Readonly<Record<string, string | undefined>>): ((streams: Streams) => Streams) | undefined {
  const { stdin, stdout } = owner;
  if (!wantsFirstScreen(argv, { stdin, stdout, env })) return undefined;
  const ascii = argv.includes('--ascii') || !speaksUnicode(env);
  firstScreen.paint(skeleton({ columns: stdout.columns || 80, rows: stdout.rows || 24 }, { session: undefined, ascii }));
  return (streams) => ({ ...streams, stdout: firstScreen.before(streams.stdout), stderr: firstScreen.before(streams.stderr) });
}
