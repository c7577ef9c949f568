// A program in a window of tmux: a terminal that nobody of us wrote, looked at through what it shows.

import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

import { onTestFinished } from 'vitest';

import { tempDir } from './temp-dir.js';

export interface TmuxWindow {
  /** Names of keys as tmux has them: `Enter`, `Escape`, `C-c`, or single characters. */
  press(...keys: readonly string[]): Promise<void>;
  /** Characters as they are. */
  type(text: string): Promise<void>;
  screen(): Promise<string[]>;
  /** Resolves with the screen as soon as it fits. */
  until(fits: (screen: string, rows: string[]) => boolean, withinMs?: number): Promise<string[]>;
  resize(columns: number, rows: number): Promise<void>;
  /** Every byte that the program wrote. */
  raw(): string;
}

export interface TmuxStart {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly rows?: number;
}

export const HAS_TMUX = spawnSync('tmux', ['-V']).status === 0;

const run = promisify(execFile);

/** Its server ends with the test. The window stays after the program, with `code=` and its exit code. */
export async function openTmux({ file, args, cwd, env, columns = 100, rows = 30 }: TmuxStart): Promise<TmuxWindow> {
  const dir = tempDir();
  const socket = join(dir, 'socket');
  const bytes = join(dir, 'raw');
  const tmux = async (...words: readonly string[]): Promise<string> => (await run('tmux', ['-S', socket, '-f', '/dev/null', ...words], { env: { PATH: process.env['PATH'], HOME: cwd, LANG: 'C.UTF-8' } })).stdout;
  onTestFinished(async () => void (await tmux('kill-server').catch(() => undefined)));
  const settings = Object.entries({ TZ: 'UTC', LANG: 'C.UTF-8', ...env }).map(([name, value]) => quoted(`${name}=${value}`));
  const program = ['env', '-u', 'CI', ...settings, ...[file, ...args].map(quoted)].join(' ');
  // The program waits for a key, so that its first byte is kept too.
  await tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), '-c', cwd, `sh -c ${quoted(`stty -echo; echo READY; read _; stty echo; ${program}; echo "code=$?"; read _`)}`);
  await tmux('pipe-pane', '-o', `cat >> ${quoted(bytes)}`);
  const screen = async (): Promise<string[]> => (await tmux('capture-pane', '-p')).split('\n').slice(0, -1);
  const until: TmuxWindow['until'] = async (fits, withinMs = 15_000) => {
    const givesUpAt = performance.now() + withinMs;
    for (;;) {
      const lines = await screen();
      if (fits(lines.join('\n'), lines)) return lines;
      if (performance.now() > givesUpAt) throw new Error(`the screen never looked like that; it was:\n${lines.join('\n')}`);
      await pause(25);
    }
  };
  await until((shown) => shown.includes('READY'));
  await tmux('send-keys', 'Enter');
  return {
    press: async (...keys) => void (await tmux('send-keys', ...keys)),
    type: async (text) => void (await tmux('send-keys', '-l', text)),
    screen,
    until,
    resize: async (toColumns, toRows) => void (await tmux('resize-window', '-x', String(toColumns), '-y', String(toRows))),
    raw: () => (existsSync(bytes) ? readFileSync(bytes, 'utf8') : ''),
  };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
