// Ties the program to the real process: streams, environment, signals, exit code.

import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';

import type { SignalName, SignalSource } from './commands/signals.js';
import { VERSION } from './version.js';

/**
 * Runs the process's command line and sets its exit code. The process then ends by itself when nothing is left to
 * do, so that output which is still on its way is not cut off.
 */
export async function runProcess(): Promise<void> {
  const argv = process.argv.slice(2);
  outliveTerminal();
  // What other tools ask to see whether we are there; the rest of the program is not loaded for it.
  if (argv.length === 1 && argv[0] === '--version') {
    process.stdout.write(`${VERSION}\n`);
    return;
  }
  // Somebody waits for a screen: it is there before the program is.
  const overScreen = argv[0] === 'dashboard' ? (await import('./tui/run/first-paint.js')).paintFirst(argv, process, process.env) : undefined;
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

/**
 * Node sets its terminals back at the very end, and aborts with a core dump where one has gone meanwhile: its window was
 * closed. What is closed by then it leaves alone.
 */
function outliveTerminal(): void {
  const terminals = [0, 1, 2].filter((fd) => isatty(fd));
  process.on('exit', () => {
    for (const fd of terminals) if (!isatty(fd)) closeSync(fd);
  });
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
