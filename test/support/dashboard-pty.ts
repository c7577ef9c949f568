// The built dashboard in a pseudo terminal, with what a test of it needs: a data directory, its process, its sizes.

import { readFileSync } from 'node:fs';

import { onTestFinished } from 'vitest';

import { auditFrames, type Audit, type SizeChange } from './dashboard-audit.js';
import { PROGRAM, runProgram } from './built-program.js';
import { startInPty, type PtyProgram } from './pty-program.js';

export interface DashboardStart {
  /** Its `home` is the data directory. */
  readonly cwd: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly columns?: number;
  readonly rows?: number;
  /** In a shell that prints the terminal's settings and the exit code. */
  readonly inShell?: boolean;
}

export interface DashboardPty extends PtyProgram {
  /** Resolves when the terminal has been given back; in a shell, with all that the shell says after it. */
  ended(): Promise<unknown>;
  /** Of the program itself, also in a shell. */
  pid(): number;
  /** The whole stream against the rules of a screen without flicker. */
  audit(): Promise<Audit>;
}

/** Killed when the test has ended. */
export function startDashboard({ cwd, args = [], env = {}, columns = 100, rows = 30, inShell = false }: DashboardStart): DashboardPty {
  const words = [PROGRAM, 'dashboard', ...args];
  const quoted = [process.execPath, ...words].map((word) => `'${word}'`).join(' ');
  const program = startInPty({
    ...(inShell ? { file: 'sh', args: ['-c', `stty -a; echo BEFORE; ${quoted}; echo "code=$?"; stty -a; echo AFTER; read _`] } : { file: process.execPath, args: words }),
    env: { HOME: cwd, COPILOTEVAL_HOME: `${cwd}/home`, COPILOTEVAL_USER: 'ada', ...env },
    cwd,
    columns,
    rows,
  });
  onTestFinished(() => endPty(program));
  const sizes: SizeChange[] = [{ at: 0, columns, rows }];
  return {
    ...program,
    resize: (toColumns, toRows) => {
      sizes.push({ at: program.raw().length, columns: toColumns, rows: toRows });
      program.resize(toColumns, toRows);
    },
    // Not by the end of the process: what it wrote last may still be on its way then.
    ended: () => (inShell ? program.until((screen) => /AFTER/.test(screen)) : program.until(() => program.raw().endsWith('\u001b[?7h\u001b[?1049l'))),
    pid: () => (inShell ? childOf(program.pty.pid) : program.pty.pid),
    audit: () => auditFrames(program.raw(), sizes, wholeScreen),
  };
}

/** What is wrong with a screen of the dashboard: a header, tabs, a title, and the keys, wherever one looks. */
export function wholeScreen(screen: readonly string[]): string | undefined {
  const rows = screen.map((row) => row.trim());
  if (rows.some((row) => row.startsWith('copiloteval needs '))) return undefined;
  if (rows.every((row) => row === '')) return 'the screen is empty';
  const [header = '', tabs = '', title = ''] = rows;
  const starts = [/^copiloteval {2}\S/.test(header), /^1 Over/.test(tabs), /^(──|--)/.test(title)];
  const [, ...others] = rows.map((row) => /^copiloteval {2}\S/.test(row) || /^1 Over/.test(row));
  return starts.every(Boolean) && others.filter(Boolean).length === 1 ? undefined : `no whole frame:\n${screen.join('\n')}`;
}

export interface Home {
  readonly cwd: string;
  /** Words separated by blanks; single quotes keep blanks together. Fails when the command does. */
  run(line: string): string;
}

export function openHome(cwd: string): Home {
  return {
    cwd,
    run: (line) => {
      const words = (line.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ''));
      const { code, stdout, stderr } = runProgram(words, { cwd, env: { COPILOTEVAL_USER: 'ada', NO_COLOR: '1' } });
      if (code !== 0) throw new Error(`${line} ended with ${String(code)}: ${stderr}`);
      return stdout;
    },
  };
}

export function endPty({ pty }: PtyProgram): void {
  try {
    pty.kill('SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** The only child of a shell, Linux only. */
export function childOf(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  if (children.length !== 1) throw new Error(`the shell has ${children.length} children`);
  return Number(children[0]);
}
