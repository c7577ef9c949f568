// Asks for one line on the terminal.

import { createInterface } from 'node:readline';
import { AppError } from '../domain/errors.js';
import type { Streams } from './streams.js';

/**
 * The line without blanks around it. An input that ends (Ctrl-D) is an empty answer; an abort throws REFUSED.
 */
export async function askLine(streams: Pick<Streams, 'stdin' | 'stderr'>, prompt: string, signal: AbortSignal): Promise<string> {
  streams.stderr.write(prompt);
  // `terminal: false` leaves the terminal in its normal mode, where Ctrl-C stays a signal and editing is the terminal's.
  const lines = createInterface({ input: streams.stdin, terminal: false });
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('line', (line) => resolve(line.trim()));
      lines.once('close', () => resolve(''));
      signal.addEventListener('abort', () => reject(new AppError('REFUSED', 'stopped before the question was answered')), { once: true });
    });
  } finally {
    lines.close();
    streams.stdin.pause();
  }
}
