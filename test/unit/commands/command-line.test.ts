import { expect, test } from 'vitest';
import { printCommandLine } from '../../../src/commands/command-line.js';

test.each([
  [['cancel'], ['1a2b3c4d'], 'cancel 1a2b3c4d'],
  [['cancel'], ['--where', `label.team = it's mine`, '--yes'], `cancel --where 'label.team = it'\\''s mine'`],
  [['queues', 'pause'], ['a', '--reason-text', 'because', '--write'], 'queues pause a'],
  [['dlq', 'purge'], ['--reason-text=because', '--all', '--confirm', 'a 1', '-y'], 'dlq purge --all'],
])('%j %j is kept as %s', (path, words, line) => {
  expect(printCommandLine(path, words)).toBe(line);
});
