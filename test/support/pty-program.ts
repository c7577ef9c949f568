// A program in a real pseudo terminal, its screen kept by a terminal emulator.

import { spawn, type IPty } from 'node-pty';
import xterm from '@xterm/headless';

export interface PtyProgram {
  readonly pty: IPty;
  /** Everything written so far. */
  raw(): string;
  /** The rows of the screen, blanks at their ends cut. */
  screen(): string[];
  /** The attributes of a cell, for styles. */
  terminal(): InstanceType<typeof xterm.Terminal>;
  type(keys: string): void;
  resize(columns: number, rows: number): void;
  /** Resolves with the screen as soon as it fits; rejects with the last screen after `withinMs`. */
  until(fits: (screen: string, rows: string[]) => boolean, withinMs?: number): Promise<string[]>;
  readonly exited: Promise<{ readonly exitCode: number; readonly signal: number | undefined }>;
}

export interface PtyStart {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly columns?: number;
  readonly rows?: number;
}

export function startInPty(start: PtyStart): PtyProgram {
  const { columns = 100, rows = 30 } = start;
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, TERM: 'xterm-256color', LANG: 'C.UTF-8', TZ: 'UTC', ...start.env };
  const defined = Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
  const pty = spawn(start.file, [...start.args], { cols: columns, rows, env: defined, ...(start.cwd === undefined ? {} : { cwd: start.cwd }) });
  const waiting = new Set<() => void>();
  let raw = '';
  pty.onData((data) => {
    raw += data;
    terminal.write(data, () => {
      for (const look of [...waiting]) look();
    });
  });
  const screen = (): string[] => {
    const { active } = terminal.buffer;
    return Array.from({ length: terminal.rows }, (_, row) => (active.getLine(active.baseY + row)?.translateToString(true) ?? '').trimEnd());
  };
  return {
    pty,
    raw: () => raw,
    screen,
    terminal: () => terminal,
    type: (keys) => pty.write(keys),
    resize: (toColumns, toRows) => {
      terminal.resize(toColumns, toRows);
      pty.resize(toColumns, toRows);
    },
    until: (fits, withinMs = 10_000) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const rowsNow = screen();
          if (!fits(rowsNow.join('\n'), rowsNow)) return;
          stop();
          resolve(rowsNow);
        };
        const timer = setTimeout(() => {
          stop();
          reject(new Error(`the screen never looked like that; it was:\n${screen().join('\n')}`));
        }, withinMs);
        const stop = (): void => {
          clearTimeout(timer);
          waiting.delete(look);
        };
        waiting.add(look);
        look();
      }),
    exited: new Promise((resolve) => pty.onExit(({ exitCode, signal }) => resolve({ exitCode, signal }))),
  };
}
