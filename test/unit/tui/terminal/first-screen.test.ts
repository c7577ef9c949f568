import { EventEmitter } from 'node:events';

import { describe, expect, test } from 'vitest';

import { skeleton } from '../../../../src/tui/run/skeleton.js';
import { FirstScreen, wantsFirstScreen } from '../../../../src/tui/terminal/first-screen.js';

const SIZE = { columns: 60, rows: 15 };

describe('the first screen', () => {
  test('is given back before anything is printed, and once only', () => {
    const { screen, written, owner } = open();
    const printed: string[] = [];
    const stream = screen.before({ isTerminal: true, write: (text: string) => void printed.push(`${written.length} ${text}`) });
    screen.paint('one\n\nthree');
    expect(written).toEqual([expect.stringMatching(/^\u001b\[\?1049h.*\u001b\[1;1Hone\u001b\[3;1Hthree$/)]);
    expect(stream.isTerminal).toBe(true);
    stream.write('an error');
    stream.write('a hint');
    expect(printed).toEqual(['2 an error', '2 a hint']);
    expect(written[1]).toMatch(/\u001b\[\?1049l$/);
    expect(owner.eventNames()).toEqual([]);
  });

  test('takes keys without echoing them from before its first byte until it is given back, or for good when it is taken', () => {
    const { screen, modes } = open();
    screen.paint('one');
    expect(modes).toEqual(['raw before 1']);
    screen.giveBack();
    expect(modes).toEqual(['raw before 1', 'usual before 3']);
    const taken = open();
    taken.screen.paint('one');
    taken.screen.take();
    taken.screen.giveBack();
    expect(taken.modes).toEqual(['raw before 1']);
  });

  test('is nobody’s to give back once the dashboard has taken it', () => {
    const { screen, written, owner } = open();
    screen.paint('frame');
    expect(screen.take()).toBe(true);
    expect(screen.take()).toBe(false);
    screen.giveBack();
    owner.emit('exit');
    expect(written).toHaveLength(1);
    expect(owner.eventNames()).toEqual([]);
  });

  test('is given back when the process ends, crashes or gets a signal, which then does what it does', () => {
    for (const event of ['exit', 'uncaughtExceptionMonitor', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']) {
      const { screen, written, owner, killed } = open();
      screen.paint('frame');
      owner.emit(event, event);
      expect(written[1], event).toMatch(/\u001b\[\?1049l$/);
      expect(killed, event).toEqual(event.startsWith('SIG') ? [event] : []);
    }
  });

  test('a signal that the program listens to is left to it', () => {
    const { screen, owner, killed } = open();
    screen.paint('frame');
    owner.on('SIGTERM', () => undefined);
    owner.emit('SIGTERM', 'SIGTERM');
    expect(killed).toEqual([]);
  });
});

test.each([
  [['dashboard'], true],
  [['dashboard', '--view', 'dead', '--read-only'], true],
  [['dashboard', '--once'], false],
  [['dashboard', '--plain'], false],
  [['dashboard', '-o', 'json'], false],
  [['dashboard', '-ojson'], false],
  [['dashboard', '--output=json'], false],
  [['dashboard', '--help'], false],
  [['dashboard', '--reset-terminal'], false],
  [['list', 'dashboard'], false],
  [[], false],
])('%j is for the screen: %s', (argv, expected) => {
  const terminal = { isTTY: true };
  expect(wantsFirstScreen(argv, { stdin: terminal, stdout: terminal, env: { TERM: 'xterm' } })).toBe(expected);
  expect(wantsFirstScreen(argv, { stdin: terminal, stdout: terminal, env: { TERM: 'dumb' } })).toBe(false);
  expect(wantsFirstScreen(argv, { stdin: { isTTY: false }, stdout: terminal, env: {} })).toBe(false);
});

describe('the skeleton', () => {
  test('knows nothing of the profile before the settings are read, and speaks ASCII where it must', () => {
    const rows = skeleton(SIZE, { session: undefined, ascii: true }).split('\n');
    expect(rows).toHaveLength(15);
    expect(rows[0]).toContain('connecting ...');
    expect(rows[2]).toBe('-'.repeat(60));
  });

  test('shows what a terminal would act on in names as question marks', () => {
    const session = { profile: 'p\u001b[2J', place: 'x', production: true };
    expect(skeleton(SIZE, { session, ascii: false })).toContain('PRODUCTION p?[2J ');
  });
});

function open(): { screen: FirstScreen; written: string[]; owner: EventEmitter; killed: string[]; modes: string[] } {
  const written: string[] = [];
  const killed: string[] = [];
  const modes: string[] = [];
  const stdin = { setRawMode: (raw: boolean) => modes.push(`${raw ? 'raw' : 'usual'} before ${written.length + 1}`) };
  const owner = Object.assign(new EventEmitter(), { pid: 1, stdin, kill: (_pid: number, name: string) => killed.push(name) });
  return { screen: new FirstScreen(owner as unknown as NodeJS.Process, (text) => void written.push(text)), written, owner, killed, modes };
}
