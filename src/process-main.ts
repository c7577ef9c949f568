// Ties the program to the real process: streams, environment, signals, exit code.

import { main } from './cli.js';
import { SIGNAL_NUMBERS, type SignalName, type SignalSource } from './commands/signals.js';
import { processStreams } from './output/streams.js';

/**
 * Runs the process's command line and sets its exit code. The process then ends by itself when nothing is left to
 * do, so that output which is still on its way is not cut off.
 */
export async function runProcess(): Promise<void> {
  process.exitCode = await main({
    argv: process.argv.slice(2),
    streams: processStreams(process),
    env: process.env,
    cwd: process.cwd(),
    signals: processSignals,
  });
}

const processSignals: SignalSource = {
  listen: (handler) => {
    const names = Object.keys(SIGNAL_NUMBERS) as SignalName[];
    const listeners = names.map((name) => ({ name, listener: () => handler(name) }));
    for (const { name, listener } of listeners) process.on(name, listener);
    return () => {
      for (const { name, listener } of listeners) process.off(name, listener);
    };
  },
  // The handlers are off by now, so the signal does what it does by default: the process ends at once and its parent
  // sees that a signal did it (130, 143 or 129 in a shell). Nothing durable depends on a clean end.
  endProcess: (name) => void process.kill(process.pid, name),
};
