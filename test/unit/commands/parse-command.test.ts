import { expect, expectTypeOf, test } from 'vitest';
import { defineCommand, type Command } from '../../../src/commands/command.js';
import { choice, duration, integer, keyValue } from '../../../src/commands/option-parsers.js';
import {
  argument,
  flag,
  option,
  optionalArgument,
  remainingArguments,
  repeated,
  type OptionValues,
} from '../../../src/commands/option-specs.js';
import { parseCommand } from '../../../src/commands/parse-command.js';

const options = {
  queues: repeated('-Q, --queue <name>', 'a queue; repeat it for more'),
  labels: repeated('--label <k=v>', 'a label', { parser: keyValue() }),
  limit: option('--limit <n>', 'how many', { parser: integer({ min: 1 }), default: 100 }),
  timeout: option('--timeout <duration>', 'how long', { parser: duration() }),
  priority: option('--priority <level>', 'how urgent', { parser: choice(['low', 'normal', 'high']) }),
  reasonText: option('--reason-text <text>', 'why'),
  all: flag('--all', 'every one', { conflicts: ['reasonText'] }),
  secret: flag('--internal', 'not in the help', { hidden: true }),
};

const command = defineCommand({
  path: ['dlq', 'test'],
  summary: 'A command for tests',
  examples: ['copiloteval dlq test a', 'copiloteval dlq test a b --all'],
  arguments: { first: argument('the first'), rest: remainingArguments('the others') },
  options,
  run: async () => undefined,
});

function parsed(words: string[], of: Command = command) {
  const result = parseCommand(of, words);
  if ('help' in result) throw new Error('help was not asked for');
  return result;
}

test('gives every option its value, its default or undefined', () => {
  expect(parsed(['x']).options).toEqual({
    queues: [],
    labels: [],
    limit: 100,
    timeout: undefined,
    priority: undefined,
    reasonText: undefined,
    all: false,
    secret: false,
  });
});

test('reads options before, between and after arguments, in all their spellings', () => {
  const { args, options: values } = parsed(['-Q', 'a', 'one', '--queue=b', 'two', '--limit=5', '--label', 'k=v', '--label', 'k2=', '--timeout', '5m', '--priority', 'high', '--internal']);
  expect(args).toEqual({ first: 'one', rest: ['two'] });
  expect(values).toMatchObject({
    queues: ['a', 'b'],
    limit: 5,
    labels: [{ key: 'k', value: 'v' }, { key: 'k2', value: '' }],
    timeout: 300_000,
    priority: 'high',
    secret: true,
  });
});

test('two command lines in one process do not see each other’s repeated options', () => {
  parsed(['x', '-Q', 'a']);
  expect(parsed(['x', '-Q', 'b']).options).toMatchObject({ queues: ['b'] });
});

test('everything after -- is an argument', () => {
  expect(parsed(['--', '--all', '-o']).args).toEqual({ first: '--all', rest: ['-o'] });
});

test('reads the global options', () => {
  expect(parsed(['x']).globals).toEqual({ output: 'text', noColor: false, debug: false, yes: false, write: false, quiet: false });
  expect(parsed(['x', '-yq', '-ojson', '--no-color', '--debug', '--profile', 'p', '--data-dir=d']).globals).toEqual({
    profile: 'p',
    dataDir: 'd',
    output: 'json',
    noColor: true,
    debug: true,
    yes: true,
    write: false,
    quiet: true,
  });
});

test.each([
  [[], "missing required argument 'first'", 'copiloteval dlq test --help'],
  [['x', '--limt', '5'], "unknown option '--limt'", 'did you mean `--limit`?'],
  [['x', '--limit'], "option '--limit <n>' argument missing", '--help'],
  [['x', '--limit', '0'], '--limit must be a whole number of at least 1, got "0"', undefined],
  [['x', '--limit', '-5'], '--limit must be a whole number of at least 1, got "-5"', undefined],
  [['x', '--priority', 'hig'], '--priority must be low, normal or high, got "hig"', 'did you mean `high`?'],
  [['x', '-o', 'yaml'], '--output must be text, json or jsonl, got "yaml"', undefined],
  [['x', '--all', '--reason-text', 'y'], "option '--all' cannot be used with option '--reason-text <text>'", '--help'],
])('%j is refused in one line', (words, message, hint) => {
  expect(() => parsed(words)).toThrow(
    expect.objectContaining({ code: 'USAGE_INVALID', message, hint: hint === undefined ? undefined : expect.stringContaining(hint) }),
  );
});

test('refuses words that no argument takes', () => {
  const bare = defineCommand({ path: ['bare'], summary: 's', examples: [], arguments: { name: optionalArgument('x', choice(['a', 'b'])) }, run: async () => undefined });
  expect(() => parsed(['a', 'b'], bare)).toThrow(expect.objectContaining({ code: 'USAGE_INVALID', message: expect.stringContaining('too many arguments') }));
  expect(() => parsed(['c'], bare)).toThrow(expect.objectContaining({ message: '<name> must be a or b, got "c"' }));
  expect(parsed([], bare).args).toEqual({ name: undefined });
});

test('the help shows usage, options, global options and examples', () => {
  const result = parseCommand(command, ['--help'], 80);
  expect('help' in result && result.help).toMatchInlineSnapshot(`
    "Usage: copiloteval dlq test [options] <first> [rest...]

    A command for tests.

    Arguments:
      first                  the first
      rest                   the others

    Options:
      -Q, --queue <name>     a queue; repeat it for more
      --label <k=v>          a label
      --limit <n>            how many (default: 100)
      --timeout <duration>   how long
      --priority <level>     how urgent (low, normal or high)
      --reason-text <text>   why
      --all                  every one

    Global options:
      --profile <name>       use this profile of the configuration
      --data-dir <dir>       keep jobs and settings there (COPILOTEVAL_HOME)
      -o, --output <format>  how answers are printed (text, json or jsonl; default:
                             text)
      --no-color             no colours (NO_COLOR)
      --debug                show where an error comes from, and Cosmos DB costs
      -y, --yes              answer yes to every question
      --write                allow changes in a profile marked production
      -q, --quiet            no remarks and no progress on stderr
      -h, --help             show this help

    Examples:
      $ copiloteval dlq test a
      $ copiloteval dlq test a b --all
    "
  `);
});

test('the types of the values follow the declarations', () => {
  type Values = OptionValues<typeof options>;
  expectTypeOf<Values['limit']>().toEqualTypeOf<number>();
  expectTypeOf<Values['timeout']>().toEqualTypeOf<number | undefined>();
  expectTypeOf<Values['priority']>().toEqualTypeOf<'low' | 'normal' | 'high' | undefined>();
  expectTypeOf<Values['queues']>().toEqualTypeOf<readonly string[]>();
  expectTypeOf<Values['reasonText']>().toEqualTypeOf<string | undefined>();
  expectTypeOf<Values['all']>().toEqualTypeOf<boolean>();
});
