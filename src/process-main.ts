// Ties the program to the real process: streams, environment, signals, exit code.

import type { SignalName, SignalSource } from './commands/signals.js';
import type { Streams } from './output/streams.js';
import { VERSION } from './version.js';

/**
 * Runs the process's command line and sets its exit code. The process then ends by itself when nothing is left to
 * do, so that output which is still on its way is not cut off.
 */
export async function runProcess(): Promise<void> {
  const argv = process.argv.slice(2);
  // What other tools ask to see whether we are there; the rest of the program is not loaded for it.
  if (argv.length === 1 && argv[0] === '--version') {
    process.stdout.write(`${VERSION}\n`);
    return;
  }
  const overScreen = argv[0] === 'dashboard' ? await paintFirst(argv) : undefined;
  const [{ main }, { processStreams }] = await Promise.all([import('./cli.js'), import('./output/streams.js')]);
  const streams = processStreams(process);
  process.exitCode = await main({
    argv,
    streams: overScreen === undefined ? streams : overScreen(streams),
    env: process.env,
    cwd: process.cwd(),
    signals: processSignals,
  });
}

/** Somebody waits for a screen: it is there before the program is. Answers how the streams give it back before they write. */
async function paintFirst(argv: readonly string[]): Promise<((streams: Streams) => Streams) | undefined> {
  const { firstScreen, wantsFirstScreen } = await import('./tui/terminal/first-screen.js');
  if (!wantsFirstScreen(argv, process)) return undefined;
  const [{ skeleton }, { speaksUnicode }] = await Promise.all([import('./tui/run/skeleton.js'), import('./output/speaks-unicode.js')]);
  const { columns, rows } = process.stdout;
  const ascii = argv.includes('--ascii') || !speaksUnicode(process.env);
  firstScreen.paint(skeleton({ columns: columns || 80, rows: rows || 24 }, { session: undefined, ascii }));
  return (streams) => ({ ...streams, stdout: firstScreen.before(streams.stdout), stderr: firstScreen.before(streams.stderr) });
}

const SIGNALS: readonly SignalName[] = ['SIGHUP', 'SIGINT', 'SIGTERM'];

/** The signals of this process. */
export const processSignals: SignalSource = {
  listen: (handler) => {
    const listeners = SIGNALS.map((name) => ({ name, listener: () => handler(name) }));
    for (const { name, listener } of listeners) process.on(name, listener);
    return () => {
      for (const { name, listener } of listeners) process.off(name, listener);
    };
  },
  // The handlers are off by now, so the signal does what it does by default: the process ends at once and its parent
  // sees that a signal did it (130, 143 or 129 in a shell). What is durable was made so before and needs no clean end.
  endProcess: (name) => void process.kill(process.pid, name),
};
