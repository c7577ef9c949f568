import { expect, test } from 'vitest';
import { defineCommand, type CommandContext, type CommandEntry } from '../../src/commands/command.js';
import { EXIT_CODE_OF, EXIT_CODES } from '../../src/commands/exit-codes.js';
import { COMMANDS } from '../../src/commands/program.js';
import { AppError, ERROR_CODES } from '../../src/domain/errors.js';
import type { Runtime } from '../../src/runtime.js';
import { runCli, startCli } from '../support/run-cli.js';

/** A table with one command, `try`, that does what the test says. */
function tryCommand(run: (context: CommandContext) => Promise<number | void>): readonly CommandEntry[] {
  const command = defineCommand({ path: ['try'], summary: 'Try', examples: ['copiloteval try'], run: (_args, _options, context) => run(context) });
  return [{ path: ['try'], summary: 'Try', group: 'Jobs', load: async () => command }];
}

test('prints the version alone', async () => {
  const { code, stdout, stderr } = await runCli(['--version']);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('without words prints the help, with every command in it', async () => {
  const { code, stdout, stderr } = await runCli([]);
  expect([code, stderr]).toEqual([0, '']);
  const lines = stdout.split('\n').map((line) => line.trim().replace(/ {2,}/, '  '));
  for (const { path, summary } of COMMANDS) expect(lines).toContain(`${path.join(' ')}  ${summary}`);
  expect((await runCli(['--help'])).stdout).toBe(stdout);
  expect((await runCli(['help'])).stdout).toBe(stdout);
});

test.each(COMMANDS.map((entry) => [entry.path.join(' '), entry] as const))('%s: its help has examples that begin with it', async (words, entry) => {
  const { code, stdout, stderr } = await runCli([...entry.path, '--help']);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain(`Usage: copiloteval ${words}`);
  const command = await entry.load();
  expect(command.path).toEqual(entry.path);
  expect(command.summary).toBe(entry.summary);
  expect(command.examples.length).toBeGreaterThan(0);
  for (const example of command.examples) {
    expect(example).toContain(`copiloteval ${words}`);
    expect(stdout).toContain(`$ ${example}`);
  }
});

test('every option of every command is described, and no command takes a global one for itself', async () => {
  for (const entry of COMMANDS) {
    const { options, path } = await entry.load();
    for (const spec of Object.values(options)) {
      expect(spec.description, `${path.join(' ')} ${spec.flags}`).not.toBe('');
      expect(spec.flags).not.toMatch(/^(-o|-y|-q|-h|-V),|--(profile|data-dir|output|no-color|debug|yes|quiet|help)\b(?!-)/);
    }
  }
});

test('no command is the beginning of another', () => {
  const words = COMMANDS.map(({ path }) => path.join(' '));
  expect(new Set(words).size).toBe(words.length);
  for (const word of words) expect(words.filter((other) => other.startsWith(`${word} `))).toEqual([]);
});

test('an unknown command is one line with the nearest right one, and 2', async () => {
  const { code, stdout, stderr } = await runCli(['initt']);
  expect({ code, stdout, stderr }).toEqual({
    code: 2,
    stdout: '',
    stderr: "error: unknown command 'initt'  [USAGE_INVALID]\nhint:  did you mean `copiloteval init`?\n",
  });
});

test('an unknown option and an unknown choice name the nearest right one', async () => {
  const option = await runCli(['init', '--forse']);
  expect([option.code, option.stderr]).toEqual([
    2,
    "error: unknown option '--forse'  [USAGE_INVALID]\nhint:  did you mean `--force`? see `copiloteval init --help`\n",
  ]);
  const choice = await runCli(['completion', 'bsh']);
  expect([choice.code, choice.stderr]).toEqual([2, 'error: <shell> must be bash, zsh or fish, got "bsh"  [USAGE_INVALID]\nhint:  did you mean `bash`?\n']);
});

test.each([[['config', 'show', '--nope', '-o', 'json']], [['-o', 'json', 'confgi']], [['-ojsonl', 'config', 'show', '--nope']], [['config', 'show', '--nope', '--output=jsonl']]])(
  '%j: an error is one line of JSON on stderr and nothing on stdout',
  async (argv) => {
    const { code, stdout, stderr } = await runCli(argv);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^[^\n]+\n$/);
    expect(JSON.parse(stderr)).toEqual({ error: { code: 'USAGE_INVALID', message: expect.any(String), hint: expect.any(String) } });
  },
);

test('global options work before, between and after the words', async () => {
  const outputs = await Promise.all(
    [['-o', 'json', 'config', 'path'], ['config', '-o', 'json', 'path'], ['config', 'path', '-o', 'json']].map((argv) => runCli(['--data-dir', '/nowhere', ...argv])),
  );
  for (const { code, stdout } of outputs) {
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ dataDir: '/nowhere', source: '--data-dir' });
  }
});

test('colours on a terminal, none with NO_COLOR, --no-color or a pipe', async () => {
  const escape = '\u001B[';
  expect((await runCli(['config', 'show'], { terminal: true })).stdout).toContain(escape);
  expect((await runCli(['config', 'show'], { terminal: true, env: { NO_COLOR: '1' } })).stdout).not.toContain(escape);
  expect((await runCli(['config', 'show', '--no-color'], { terminal: true })).stdout).not.toContain(escape);
  expect((await runCli(['config', 'show'])).stdout).not.toContain(escape);
  expect((await runCli(['nope'], { terminal: true })).stderr).toContain(escape);
});

test('a command’s error gives its exit code; what it printed before stays', async () => {
  const commands = tryCommand(async ({ io }) => {
    io.print({ json: { done: 1 }, text: 'one done' });
    throw new AppError('PARTLY_DONE', '1 of 2 failed');
  });
  expect(await runCli(['try'], { commands })).toEqual({ code: 8, stdout: 'one done\n', stderr: 'error: 1 of 2 failed  [PARTLY_DONE]\n' });
});

test('an unexpected error is a bug, 70, with a stack only when asked for', async () => {
  const commands = tryCommand(() => Promise.reject(new TypeError('undefined is not a function')));
  const quiet = await runCli(['try'], { commands });
  expect(quiet.code).toBe(70);
  expect(quiet.stderr).toContain('this is a bug in copiloteval');
  expect(quiet.stderr).not.toContain('shell.test.ts');
  expect((await runCli(['try', '--debug'], { commands })).stderr).toContain('shell.test.ts');
});

test('a command may give its own exit code', async () => {
  expect((await runCli(['try'], { commands: tryCommand(async () => 143) })).code).toBe(143);
});

test('the backend is opened once, when asked for, and closed also after an error', async () => {
  const seen: string[] = [];
  const runtime = { close: async () => void seen.push('closed') } as unknown as Runtime;
  const openRuntime = async () => {
    seen.push('opened');
    return runtime;
  };
  const commands = tryCommand(async (context) => {
    await Promise.all([context.runtime(), context.runtime()]);
    throw new AppError('JOB_NOT_FOUND', 'none');
  });
  expect((await runCli(['try'], { commands, openRuntime })).code).toBe(6);
  expect(seen).toEqual(['opened', 'closed']);
  seen.length = 0;
  await runCli(['try'], { commands: tryCommand(async () => undefined), openRuntime });
  expect(seen).toEqual([]);
});

test('a backend that does not open is the error', async () => {
  const commands = tryCommand(async (context) => void (await context.runtime()));
  const openRuntime = () => Promise.reject(new AppError('DB_INVALID', 'not a database'));
  expect(await runCli(['try'], { commands, openRuntime })).toMatchObject({ code: 4, stderr: 'error: not a database  [DB_INVALID]\n' });
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s ends a running command with %d, without an error', async (name, code) => {
  const running = startCli(['try'], {
    commands: tryCommand(async ({ io, signal }) => {
      io.note('started');
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    }),
  });
  await running.streams.stderr.shows('started');
  running.send(name);
  expect(await running.ended).toEqual({ code, stdout: '', stderr: 'started\n' });
  expect(running.endedBy).toEqual([]);
});

test('what an interrupted command left undone is said', async () => {
  const running = startCli(['try'], {
    commands: tryCommand(async ({ io, signal }) => {
      io.note('started');
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw new AppError('PARTLY_DONE', '3 of 9 replayed', { hint: 'go on with `--resume`' });
    }),
  });
  await running.streams.stderr.shows('started');
  running.send('SIGINT');
  const { code, stderr } = await running.ended;
  expect(code).toBe(130);
  expect(stderr).toContain('3 of 9 replayed  [PARTLY_DONE]');
});

test('a command that took the signals over decides its own exit code', async () => {
  const running = startCli(['try'], {
    commands: tryCommand(async ({ io, onSignal }) => {
      const drained = new Promise<void>((resolve) => onSignal(({ name, count }) => void (io.note(`${name} ${count}`), count === 2 && resolve())));
      io.note('started');
      await drained;
      return 0;
    }),
  });
  await running.streams.stderr.shows('started');
  running.send('SIGTERM');
  await running.streams.stderr.shows('SIGTERM 1');
  running.send('SIGTERM');
  expect(await running.ended).toMatchObject({ code: 0, stderr: 'started\nSIGTERM 1\nSIGTERM 2\n' });
});

test('when the reader of the output goes away the command ends quietly with 0', async () => {
  const running = startCli(['try'], {
    commands: tryCommand(async ({ io, signal }) => {
      io.line({}, 'first');
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    }),
  });
  await running.streams.stdout.shows('first');
  running.streams.closeOutput();
  expect(await running.ended).toEqual({ code: 0, stdout: 'first\n', stderr: '' });
});

test('every error code has an exit code that is documented', () => {
  expect(Object.keys(EXIT_CODE_OF).sort()).toEqual(Object.keys(ERROR_CODES).sort());
  for (const code of Object.values(EXIT_CODE_OF)) expect(EXIT_CODES).toHaveProperty(String(code));
});
