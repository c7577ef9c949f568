// The completion script for fish: one `complete` line for each word and option.

import type { CompletedOption, CompletedValue, CompletionModel } from './completion-model.js';

export function fishScript(model: CompletionModel): string {
  const paths = [...model.commands.map(({ words }) => words), ...model.groups.map(({ words }) => words)].filter((words) => words !== '');
  const valued = model.globals.filter(({ value }) => value !== undefined).flatMap(({ long, short }) => [long, short]);
  const lines = [
    ...model.globals.map((option) => optionLine('', option)),
    ...model.groups.flatMap(({ words, next }) =>
      next.map(({ word, summary }) => line(condition(words), ['-f', '-a', quoted(word), '-d', quoted(summary)])),
    ),
    ...model.commands.flatMap(({ words, options, argument }) => [
      ...options.map((option) => optionLine(condition(words), option)),
      line(condition(words), valueWords(argument)),
    ]),
  ];
  const known = paths.map(quoted).join(' ');
  return `${positionFunction(known, valued.filter((name) => name !== undefined))}${lines.join('\n')}\n`;
}

/** True when the words typed so far are a given command or group. */
function positionFunction(known: string, valued: readonly string[]): string {
  return `# fish completion for copiloteval; made by \`copiloteval completion fish\`.
function __copiloteval_at
  set -l known ${known}
  set -l typed ""
  set -l skip 0
  for word in (commandline -opc)[2..-1]
    if test $skip -eq 1
      set skip 0
      continue
    end
    switch $word
      case ${valued.join(' ')}
        set skip 1
      case '-*'
      case '*'
        set -l longer (string trim "$typed $word")
        if contains -- $longer $known
          set typed $longer
        else
          break
        end
    end
  end
  test "$typed" = "$argv[1]"
end
`;
}

function condition(words: string): string {
  return `__copiloteval_at ${quoted(words)}`;
}

function optionLine(when: string, { long, short, description, value }: CompletedOption): string {
  const names = ['-l', long.slice(2), ...(short === undefined ? [] : ['-s', short.slice(1)])];
  return line(when, [...names, '-d', quoted(description), ...(value === undefined ? [] : ['-r', ...valueWords(value)])]);
}

/** Without -f fish offers files. */
function valueWords({ choices, completes }: CompletedValue): readonly string[] {
  if (choices.length > 0) return ['-f', '-a', quoted(choices.join(' '))];
  if (completes === 'directory') return ['-f', '-a', quoted('(__fish_complete_directories)')];
  return completes === 'file' ? [] : ['-f'];
}

function line(when: string, rest: readonly string[]): string {
  return ['complete', '-c copiloteval', ...(when === '' ? [] : ['-n', quoted(when)]), ...rest].join(' ');
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
