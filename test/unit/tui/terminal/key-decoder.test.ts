import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Clock } from '../../../../src/ports/clock.js';
import { KeyDecoder, type TerminalInput } from '../../../../src/tui/terminal/key-decoder.js';

describe('plain keys', () => {
  test('a key repeated fast arrives as many keys, not as one text', () => {
    expect(keysOf(['jjj'])).toEqual(['j', 'j', 'j']);
  });

  test('a character of several code points is one key', () => {
    expect(keysOf(['é👩‍💻ж'])).toEqual(['é', '👩‍💻', 'ж']);
  });

  test.each([
    ['\r', 'enter'],
    ['\n', 'enter'],
    ['\t', 'tab'],
    ['\u007f', 'backspace'],
    ['\b', 'backspace'],
    ['\u0003', 'ctrl-c'],
    ['\u0004', 'ctrl-d'],
    ['\u001a', 'ctrl-z'],
    ['\u0000', 'ctrl-space'],
    [' ', 'space'],
  ])('%j is %s', (bytes, key) => {
    expect(keysOf([bytes])).toEqual([key]);
  });
});

describe('sequences', () => {
  test.each([
    ['\u001b[A', 'up'],
    ['\u001bOB', 'down'],
    ['\u001b[1;5C', 'ctrl-right'],
    ['\u001b[1;2D', 'left'],
    ['\u001b[5~', 'pageup'],
    ['\u001b[6~', 'pagedown'],
    ['\u001b[H', 'home'],
    ['\u001b[4~', 'end'],
    ['\u001b[3~', 'delete'],
    ['\u001b[Z', 'shift-tab'],
    ['\u001bOP', 'f1'],
    ['\u001b[24~', 'f12'],
  ])('%j is %s', (bytes, key) => {
    expect(keysOf([bytes])).toEqual([key]);
  });

  test('reports of the mouse, of the cursor and of the terminal are no keys', () => {
    expect(keysOf(['\u001b[<64;10;10M', '\u001b[10;4R', '\u001b[?62;c', '\u001b[M', 'k'])).toEqual(['k']);
  });

  test('the answer to the question whether the terminal is there is no key, and is told', () => {
    expect(inputsOf(['j\u001b[', '0n', 'k'])).toEqual([{ kind: 'key', key: { name: 'j', text: 'j' } }, { kind: 'answer' }, { kind: 'key', key: { name: 'k', text: 'k' } }]);
  });

  test('answers to what an editor has asked, of colours and settings, are no keys, also when they are cut', () => {
    const answers = '\u001b]11;rgb:1d1d/1f1f/2121\u001b\\\u001b]10;rgb:ff/ff/ff\u0007\u001bP1$r0 q\u001b\\';
    for (let cut = 0; cut <= answers.length; cut += 1) expect(keysOf([`j${answers.slice(0, cut)}`, `${answers.slice(cut)}k`])).toEqual(['j', 'k']);
  });

  test('Escape and P typed at once are two keys', async () => {
    expect(keysOf(['\u001bPj', '\u001b]j'])).toEqual(['escape', 'P', 'j', 'escape', ']', 'j']);
  });

  test('a sequence split anywhere between packets is one key', () => {
    for (const cut of [1, 2, 3, 4, 5]) expect(keysOf(['\u001b[1;5C'.slice(0, cut), '\u001b[1;5C'.slice(cut)])).toEqual(['ctrl-right']);
  });

  test('focus reports tell of the window', () => {
    expect(inputsOf(['\u001b[O\u001b[I'])).toEqual([
      { kind: 'focus', focused: false },
      { kind: 'focus', focused: true },
    ]);
  });
});

describe('Escape', () => {
  test('alone it acts after the wait for more', async () => {
    const { decoder, inputs, endWait } = open();
    decoder.feed('\u001b');
    expect(inputs).toEqual([]);
    await endWait();
    expect(inputs).toEqual([{ kind: 'key', key: { name: 'escape', text: null } }]);
  });

  test('with a key in the same packet both act', () => {
    expect(keysOf(['\u001bj'])).toEqual(['escape', 'j']);
    expect(keysOf(['\u001b\u001b[A'])).toEqual(['escape', 'up']);
  });

  test('a bracket typed after it comes as a key when nothing completes the sequence', async () => {
    const { decoder, inputs, endWait } = open();
    decoder.feed('\u001b[');
    await endWait();
    expect(inputs.map(keyOf)).toEqual(['escape', '[']);
  });
});

describe('pastes', () => {
  test('pasted text is never keys, whatever it holds', () => {
    expect(inputsOf(['\u001b[200~Pq\r\u001b[Ax\u001b[201~j'])).toEqual([
      { kind: 'paste', text: 'Pq\r\u001b[Ax' },
      { kind: 'key', key: { name: 'j', text: 'j' } },
    ]);
  });

  test('text and marks cut anywhere give the same input', () => {
    const piece = fc.constantFrom('a', 'R', 'é', '\r', '\u001b[A', '\u001b[5~', '\u001b[200~paste P\u001b[201~', '\u001b[I', '\u001bOQ');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.array(fc.nat(80), { maxLength: 8 }), (pieces, cuts) => {
        const whole = pieces.join('');
        expect(inputsOf(split(whole, cuts))).toEqual(inputsOf([whole]));
      }),
      { numRuns: 500 },
    );
  });

  test('a paste without an end does not grow for ever', () => {
    const { decoder, inputs } = open();
    decoder.feed('\u001b[200~');
    for (let i = 0; i < 40; i += 1) decoder.feed('x'.repeat(50_000));
    decoder.feed('\u001b[201~');
    expect(inputs).toHaveLength(1);
    expect(inputs[0]).toMatchObject({ kind: 'paste', text: expect.stringMatching(/^x{1000000}$/) });
  });
});

test('after the terminal was lent to a program, half a sequence from before means nothing', () => {
  const { decoder, inputs } = open();
  decoder.feed('\u001b[');
  decoder.reset();
  decoder.feed('A');
  expect(inputs.map(keyOf)).toEqual(['A']);
});

test('any bytes at all neither throw nor give control characters as keys', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 20 })), (texts) => {
      for (const input of inputsOf(texts)) if (input.kind === 'key') expect(input.key.name).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    }),
  );
});

function keysOf(texts: readonly string[]): string[] {
  return inputsOf(texts).map(keyOf);
}

function keyOf(input: TerminalInput): string {
  return input.kind === 'key' ? input.key.name : `(${input.kind})`;
}

/** Without the wait ever ending. */
function inputsOf(texts: readonly string[]): TerminalInput[] {
  const { decoder, inputs } = open();
  for (const text of texts) decoder.feed(text);
  return inputs;
}

function split(text: string, cuts: readonly number[]): string[] {
  const at = [0, ...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b), text.length];
  return at.slice(1).map((end, index) => text.slice(at[index], end));
}

function open(): { decoder: KeyDecoder; inputs: TerminalInput[]; endWait: () => Promise<void> } {
  const inputs: TerminalInput[] = [];
  const sleepers: (() => void)[] = [];
  const clock: Clock = { now: () => 0, monotonic: () => 0, sleep: () => new Promise((resolve) => sleepers.push(resolve)) };
  const decoder = new KeyDecoder(clock, (input) => inputs.push(input));
  const endWait = async (): Promise<void> => {
    for (const wake of sleepers.splice(0)) wake();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { decoder, inputs, endWait };
}
