import xterm from '@xterm/headless';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { textWidth } from '../../../../src/output/text-width.js';
import type { Clock } from '../../../../src/ports/clock.js';
import { FrameWriter } from '../../../../src/tui/terminal/frame-writer.js';
import { ENTER_MODES } from '../../../../src/tui/terminal/terminal-modes.js';

describe('what is written', () => {
  test('a frame is one write, begun and ended as one frame', () => {
    const { writer, writes } = open(20, 3);
    writer.draw(frame(['one', 'two', 'three'], 20));
    expect(writes).toHaveLength(1);
    expect(writes[0]).toMatch(/^\u001b\[\?2026h.*\u001b\[\?2026l$/s);
  });

  test('the same frame again writes nothing', () => {
    const { writer, writes, tick } = open(20, 3);
    const same = frame(['one', 'two', 'three'], 20);
    writer.draw(same);
    tick();
    writer.draw(same);
    expect(writes).toHaveLength(1);
  });

  test('only rows that changed are written', () => {
    const { writer, writes, tick } = open(20, 3);
    writer.draw(frame(['one', 'two', 'three'], 20));
    tick();
    writer.draw(frame(['one', '2', 'three'], 20));
    expect(rowsWritten(writes[1] ?? '')).toEqual([2]);
  });

  test('nothing is ever erased before it is written, and the screen is not cleared', () => {
    const { writer, writes, tick } = open(12, 2);
    for (const rows of [['a', 'b'], ['longer', 'b'], ['', 'c']]) {
      writer.draw(rows.join('\n'));
      tick();
    }
    for (const text of writes) {
      expect(text).not.toMatch(/\u001b\[[23]J|\u001b\[\dK/);
      expect(text).not.toMatch(/;1H\u001b\[K/);
    }
  });

  test('a row as wide as the screen has nothing erased after it', () => {
    const { writer, writes } = open(5, 1);
    writer.draw('12345');
    expect(writes[0]).not.toContain('\u001b[K');
  });

  test('rows beyond the screen are left out', () => {
    const { writer, writes } = open(10, 2);
    writer.draw('1\n2\n3');
    expect(rowsWritten(writes[0] ?? '')).toEqual([1, 2]);
  });
});

describe('when it is written', () => {
  test('frames that come faster than a screen shows them become the newest one', async () => {
    const { writer, writes, endSleeps } = open(10, 1);
    writer.draw('first');
    writer.draw('second');
    writer.draw('third');
    expect(writes).toHaveLength(1);
    await endSleeps();
    expect(writes).toHaveLength(2);
    expect(writes[1]).toContain('third');
    expect(writes.join('')).not.toContain('second');
  });

  test('a line that cannot keep up gets the newest frame when it is ready', () => {
    const { writer, writes, tick, line } = open(10, 1);
    line.backlog = 100_000;
    writer.draw('old');
    tick();
    writer.draw('new');
    expect(writes).toEqual([]);
    line.backlog = 0;
    line.drain();
    expect(writes).toHaveLength(1);
    expect(writes[0]).toContain('new');
  });

  test('while another program has the screen nothing is written; afterwards all of the newest frame', () => {
    const { writer, writes, tick } = open(10, 2);
    writer.draw('a\nb');
    writer.suspend();
    tick();
    writer.draw('a\nc');
    expect(writes).toHaveLength(1);
    writer.resume();
    expect(writes).toHaveLength(2);
    expect(writes[1]).toContain('\u001b[2J');
    expect(rowsWritten(writes[1] ?? '')).toEqual([1, 2]);
  });

  test('another size clears once, with the next frame', () => {
    const { writer, writes, tick, resize } = open(10, 2);
    writer.draw('a\nb');
    resize(8, 2);
    tick();
    writer.draw('a\nb');
    tick();
    writer.draw('a\nc');
    expect(writes.map((text) => text.split('\u001b[2J').length - 1)).toEqual([0, 1, 0]);
  });
});

// Without emoji: this terminal gives them one cell, others two.
test('after every write a terminal shows exactly the frame that was drawn, whatever the frames and sizes', async () => {
  const line = fc.array(fc.constantFrom('a', 'Z', ' ', '─', '█', '漢', 'é', '\u001b[31mred\u001b[39m', '\u001b[7mx\u001b[27m'), { maxLength: 30 });
  const step = fc.record({ lines: fc.array(line, { maxLength: 12 }), resize: fc.option(fc.record({ columns: fc.integer({ min: 4, max: 40 }), rows: fc.integer({ min: 2, max: 10 }) })) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
      const terminal = new xterm.Terminal({ cols: 20, rows: 6, allowProposedApi: true, scrollback: 0 });
      await put(terminal, ENTER_MODES);
      const { writer, writes, tick, resize, size: screen } = open(20, 6);
      for (const { lines, resize: size } of steps) {
        if (size !== null) {
          terminal.resize(size.columns, size.rows);
          resize(size.columns, size.rows);
        }
        const rows = Array.from({ length: screen.rows }, (_, row) => fitted((lines[row] ?? []).join(''), screen.columns));
        writer.draw(rows.join('\n'));
        tick();
        for (const text of writes.splice(0)) await put(terminal, text);
        expect(gridOf(terminal)).toEqual(rows.map(plain));
      }
      terminal.dispose();
    }),
    { numRuns: 120 },
  );
});

/** Cut and filled to the width, as views do. */
function fitted(text: string, width: number): string {
  let kept = '';
  for (const piece of text.match(/\u001b\[\d+m|./gsu) ?? []) if (textWidth(kept + piece) <= width) kept += piece;
  return kept + ' '.repeat(width - textWidth(kept));
}

function plain(text: string): string {
  return text.replace(/\u001b\[\d+m/g, '').trimEnd();
}

function put(terminal: InstanceType<typeof xterm.Terminal>, text: string): Promise<void> {
  return new Promise((resolve) => terminal.write(text, resolve));
}

function gridOf(terminal: InstanceType<typeof xterm.Terminal>): string[] {
  return Array.from({ length: terminal.rows }, (_, row) => (terminal.buffer.active.getLine(row)?.translateToString(true) ?? '').trimEnd());
}

function frame(rows: readonly string[], width: number): string {
  return rows.map((row) => row.padEnd(width)).join('\n');
}

function rowsWritten(text: string): number[] {
  return [...text.matchAll(/\u001b\[(\d+);1H/g)].map(([, row]) => Number(row));
}

function open(columns: number, rows: number) {
  const size = { columns, rows };
  const writes: string[] = [];
  const line = { backlog: 0, drain: (): void => undefined };
  const sleepers: (() => void)[] = [];
  let time = 0;
  const clock: Clock = { now: () => time, monotonic: () => time, sleep: () => new Promise((resolve) => sleepers.push(resolve)) };
  const writer = new FrameWriter(
    { size: () => size, write: (text) => void writes.push(text), backlog: () => line.backlog, onDrain: (handler) => void (line.drain = handler) },
    clock,
  );
  return {
    writer,
    writes,
    size,
    line,
    tick: (): void => void (time += 20),
    resize: (toColumns: number, toRows: number): void => {
      size.columns = toColumns;
      size.rows = toRows;
      writer.resized();
    },
    endSleeps: async (): Promise<void> => {
      time += 20;
      for (const wake of sleepers.splice(0)) wake();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
