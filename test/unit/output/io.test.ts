import { expect, test } from 'vitest';
import { AppError } from '../../../src/domain/errors.js';
import { errorText } from '../../../src/output/error-text.js';
import { StreamIo, type IoSettings } from '../../../src/output/io.js';
import { PLAIN_STYLE, wantsColor } from '../../../src/output/style.js';
import { TestStreams, type TestStreamsOptions } from '../../support/test-streams.js';

function makeIo(settings: Partial<IoSettings> = {}, options: TestStreamsOptions = {}) {
  const streams = new TestStreams(options);
  const clock = { ms: 0 };
  const io = new StreamIo(streams, {
    format: 'text',
    quiet: false,
    yes: false,
    style: PLAIN_STYLE,
    errorStyle: PLAIN_STYLE,
    signal: new AbortController().signal,
    monotonicMs: () => clock.ms,
    ...settings,
  });
  return { io, streams, clock };
}

test('prints an answer in the format that was asked for', () => {
  const answer = { json: { jobs: [1, 2] }, lines: [1, 2], text: () => 'two jobs' };
  const printed = (['text', 'json', 'jsonl'] as const).map((format) => {
    const { io, streams } = makeIo({ format });
    io.print(answer);
    return streams.stdout.text;
  });
  expect(printed).toEqual(['two jobs\n', '{\n  "jobs": [\n    1,\n    2\n  ]\n}\n', '1\n2\n']);
});

test('an answer without lines is one line with jsonl', () => {
  const { io, streams } = makeIo({ format: 'jsonl' });
  io.print({ json: { a: 1 }, text: '' });
  expect(streams.stdout.text).toBe('{"a":1}\n');
});

test('items of a stream are JSON lines with both JSON formats', () => {
  for (const format of ['json', 'jsonl'] as const) {
    const { io, streams } = makeIo({ format });
    io.line({ a: 1 }, 'a is 1');
    io.line({ a: 2 }, 'a is 2');
    expect(streams.stdout.text).toBe('{"a":1}\n{"a":2}\n');
  }
});

test('remarks go to stderr, and nowhere with --quiet or JSON', () => {
  const plain = makeIo();
  plain.io.note('queued');
  expect([plain.streams.stdout.text, plain.streams.stderr.text]).toEqual(['', 'queued\n']);
  for (const settings of [{ quiet: true }, { format: 'json' as const }]) {
    const { io, streams } = makeIo(settings);
    io.note('queued');
    expect(streams.stderr.text).toBe('');
  }
});

test('warnings are always there, as JSON for programs', () => {
  const plain = makeIo({ quiet: true });
  plain.io.warn('no worker\u001B[2J is alive');
  expect(plain.streams.stderr.text).toBe('warning: no worker is alive\n');
  const json = makeIo({ format: 'json' });
  json.io.warn('no worker is alive');
  expect(json.streams.stderr.text).toBe('{"warning":{"message":"no worker is alive"}}\n');
});

test('a question without a terminal is refused with the way out', async () => {
  await expect(makeIo().io.confirm({ question: 'Purge 3 messages?' })).rejects.toMatchObject({
    code: 'CONFIRMATION_REQUIRED',
    hint: expect.stringContaining('--yes'),
  });
});

test('--yes answers every question without asking', async () => {
  const { io, streams } = makeIo({ yes: true });
  await io.confirm({ question: 'Purge 3 messages?' });
  await io.confirm({ question: 'Purge 3 messages?', expect: 'purge' });
  expect(await io.ask('name', 'me')).toBe('me');
  expect(streams.stderr.text).toBe('');
});

test.each([
  ['y\n', undefined, true],
  ['YES\n', undefined, true],
  ['n\n', undefined, false],
  ['\n', undefined, false],
  ['', undefined, false],
  ['evaluation-jobs\n', 'evaluation-jobs', true],
  ['y\n', 'evaluation-jobs', false],
])('on a terminal the answer %j (expected: %s) agrees: %s', async (stdin, expected, agrees) => {
  const { io, streams } = makeIo({}, { stdin, terminal: true });
  const asked = io.confirm({ question: 'Purge?', ...(expected !== undefined && { expect: expected }) });
  if (agrees) await asked;
  else await expect(asked).rejects.toMatchObject({ code: 'REFUSED' });
  expect(streams.stderr.text).toContain('Purge?');
  expect(streams.stdout.text).toBe('');
});

test('a signal ends a question that waits', async () => {
  const abort = new AbortController();
  const { io, streams } = makeIo({ signal: abort.signal }, { terminal: true, stdin: null });
  const asked = io.confirm({ question: 'Purge?' });
  await streams.stderr.shows('Purge?');
  abort.abort();
  await expect(asked).rejects.toMatchObject({ code: 'REFUSED', message: expect.stringContaining('stopped') });
});

test('answers typed ahead are kept for the questions to come', async () => {
  const { io } = makeIo({}, { terminal: true, stdin: 'ada\n\n8\n' });
  expect(await io.ask('userId', 'me')).toBe('ada');
  expect(await io.ask('queue', 'evaluation-jobs')).toBe('evaluation-jobs');
  expect(await io.ask('concurrency', '4')).toBe('8');
  expect(await io.ask('after the end', 'fallback')).toBe('fallback');
});

test('a progress bar appears on a terminal after a second, and is gone at the end', () => {
  const { io, streams, clock } = makeIo({}, { terminal: true });
  const bar = io.progress({ label: 'replaying', total: 10 });
  bar.update(1);
  expect(streams.stderr.text).toBe('');
  clock.ms = 1500;
  bar.update(5, 10, 'orders');
  expect(streams.stderr.text).toContain('replaying');
  expect(streams.stderr.text).toContain('5/10 50 %, 1.5 s left  orders');
  bar.done();
  expect(streams.stderr.text.endsWith('\r\u001B[2K')).toBe(true);
});

test('a remark takes the bar off its line first', () => {
  const { io, streams, clock } = makeIo({}, { terminal: true });
  const bar = io.progress({ label: 'x', total: 2, atOnce: true });
  bar.update(1);
  streams.stderr.text = '';
  io.note('retrying');
  expect(streams.stderr.text).toBe('\r\u001B[2Kretrying\n');
  clock.ms = 10;
  bar.update(2);
  expect(streams.stderr.text).toContain('2/2 100 %');
});

test('a bar is never wider than the terminal', () => {
  const { io, streams } = makeIo({}, { terminal: true, columns: 20 });
  io.progress({ label: 'a very long label for a bar', atOnce: true }).update(123_456, 1_000_000, 'and a message');
  const drawn = streams.stderr.text.replace('\r\u001B[2K', '');
  expect(drawn.length).toBeLessThan(20);
});

test('there is no bar in a pipe and none with --quiet', () => {
  for (const { io, streams } of [makeIo(), makeIo({ quiet: true }, { terminal: true })]) {
    const bar = io.progress({ label: 'x', atOnce: true });
    bar.update(1);
    bar.done();
    expect(streams.stderr.text).toBe('');
  }
});

test('colour follows the flag, the variables and the terminal', () => {
  const terminal = { isTerminal: true };
  const pipe = { isTerminal: false };
  expect(wantsColor(terminal, {}, false)).toBe(true);
  expect(wantsColor(pipe, {}, false)).toBe(false);
  expect(wantsColor(terminal, { NO_COLOR: '1' }, false)).toBe(false);
  expect(wantsColor(terminal, { NO_COLOR: '' }, false)).toBe(true);
  expect(wantsColor(terminal, { TERM: 'dumb' }, false)).toBe(false);
  expect(wantsColor(pipe, { FORCE_COLOR: '1' }, false)).toBe(true);
  expect(wantsColor(terminal, { FORCE_COLOR: '0' }, false)).toBe(false);
  expect(wantsColor(terminal, { FORCE_COLOR: '1' }, true)).toBe(false);
});

const plainError = { debug: false, style: PLAIN_STYLE } as const;

test('an expected error is a line with its code and a line with the hint', () => {
  const error = new AppError('JOB_NOT_FOUND', 'no job with id 7f3a', { hint: 'list jobs with `copiloteval list`' });
  expect(errorText(error, { ...plainError, format: 'text' })).toBe(
    'error: no job with id 7f3a  [JOB_NOT_FOUND]\nhint:  list jobs with `copiloteval list`\n',
  );
  expect(JSON.parse(errorText(error, { ...plainError, format: 'json' }))).toEqual({
    error: { code: 'JOB_NOT_FOUND', message: 'no job with id 7f3a', hint: 'list jobs with `copiloteval list`' },
  });
});

test('an unexpected error says that it is a bug, and shows its stack only with --debug', () => {
  const error = new TypeError('x is not a function', { cause: new Error('the real one') });
  const quiet = errorText(error, { ...plainError, format: 'text' });
  expect(quiet).toContain('this is a bug in copiloteval: x is not a function  [INTERNAL]');
  expect(quiet).not.toContain('io.test.ts');
  const loud = errorText(error, { ...plainError, debug: true, format: 'text' });
  expect(loud).toContain('io.test.ts');
  expect(loud).toContain('caused by: Error: the real one');
});

test('an error keeps to one line and does not act on the terminal', () => {
  const error = new AppError('INPUT_INVALID', 'got "\u001B]0;x\u0007a\nb"');
  expect(errorText(error, { ...plainError, format: 'text' })).toBe('error: got "a b"  [INPUT_INVALID]\n');
  expect(errorText(error, { ...plainError, format: 'json' }).trimEnd()).not.toContain('\n');
});
