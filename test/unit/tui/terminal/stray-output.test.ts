import { expect, test } from 'vitest';

import { StrayOutput } from '../../../../src/tui/terminal/stray-output.js';
import { until } from '../../../support/turns.js';

function stderr(isTTY: boolean): { readonly stream: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>; readonly written: string[] } {
  const written: string[] = [];
  return { written, stream: { isTTY, write: (chunk: Uint8Array | string) => written.push(String(chunk)) > 0 } };
}

test('what is written while the screen is shown comes after it', () => {
  const { stream, written } = stderr(true);
  const stray = new StrayOutput(stream);
  stray.hold();
  stray.hold();
  let told = 0;
  stream.write('one\n');
  stream.write(Buffer.from('two\n'));
  stream.write('three\n', () => (told += 1));
  expect(written).toEqual([]);
  stray.release();
  expect(written).toEqual(['one\ntwo\nthree\n']);
  stream.write('four\n');
  stray.release();
  expect(written).toEqual(['one\ntwo\nthree\n', 'four\n']);
  return until(() => told === 1);
});

test('a warning of Node is held too, and told by Node itself again afterwards', async () => {
  const before = process.listeners('warning');
  const { stream, written } = stderr(true);
  const stray = new StrayOutput(stream);
  stray.hold();
  process.emitWarning('eleven listeners');
  await until(() => process.listeners('warning').length === 1);
  await new Promise((resolve) => setImmediate(resolve));
  stray.release();
  expect(written).toEqual(['warning: eleven listeners\n']);
  expect(process.listeners('warning')).toEqual(before);
});

test('a thousand lines are the newest two hundred', () => {
  const { stream, written } = stderr(true);
  const stray = new StrayOutput(stream);
  stray.hold();
  for (let line = 0; line < 1000; line += 1) stream.write(`${line}\n`);
  stray.release();
  expect(written.join('').split('\n').slice(0, 1)).toEqual(['800']);
});

test('standard error that goes to a file is left alone', () => {
  const { stream, written } = stderr(false);
  const stray = new StrayOutput(stream);
  stray.hold();
  stream.write('one\n');
  expect(written).toEqual(['one\n']);
});
