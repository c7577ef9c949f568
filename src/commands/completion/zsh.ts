// The completion script for zsh: one _arguments call per command, with descriptions.

import type { CompletedCommand, CompletedOption, CompletedValue, CompletionModel } from './completion-model.js';

export function zshScript(model: CompletionModel): string {
  const groups = model.groups.map(
    ({ words, next }) =>
      `    "${words}")\n      offered=(${next.map(({ word, summary }) => quoted(`${word}:${summary}`)).join(' ')})\n      _describe command offered ;;`,
  );
  const commands = model.commands.map((command) => `    ${quoted(command.words)})\n      ${commandCall(command, model.globals)} ;;`);
  const valued = model.globals.filter(({ value }) => value !== undefined).flatMap(({ long, short }) => [long, short]);
  return `#compdef copiloteval
# zsh completion for copiloteval; made by \`copiloteval completion zsh\`.
_copiloteval() {
  local -a offered known
  local typed="" word skip="" index
  known=(${model.commands.map(({ words }) => quoted(words)).join(' ')} ${model.groups.filter(({ words }) => words !== '').map(({ words }) => quoted(words)).join(' ')})
  for ((index = 2; index < CURRENT; index++)); do
    word="\${words[index]}"
    if [[ -n "$skip" ]]; then skip=""; continue; fi
    case "$word" in
      ${valued.filter((name) => name !== undefined).join('|')}) skip=1 ;;
      -*) ;;
      *) if (( \${known[(Ie)\${typed:+$typed }$word]} )); then typed="\${typed:+$typed }$word"; else break; fi ;;
    esac
  done
  case "$typed" in
${[...groups, ...commands].join('\n')}
  esac
}
if [[ "$funcstack[1]" == "_copiloteval" ]]; then _copiloteval "$@"; else compdef _copiloteval copiloteval; fi
`;
}

function commandCall({ words, options, argument }: CompletedCommand, globals: readonly CompletedOption[]): string {
  // The command's own words are arguments too, as zsh counts them.
  const own = words.split(' ').map((word, index) => quoted(`${index + 1}:command:(${word})`));
  const rest = quoted(`*:argument:${action(argument)}`);
  return ['_arguments -S', ...[...options, ...globals].map(optionSpec), ...own, rest].join(' ');
}

function optionSpec({ long, short, description, value }: CompletedOption): string {
  const text = `[${description.replace(/[[\]]/g, '\\$&')}]`;
  const taken = value === undefined ? '' : `:value:${action(value)}`;
  const equals = value === undefined ? '' : '=';
  const spec = (name: string, mark: string): string => quoted(`*${name}${mark}${text}${taken}`);
  return short === undefined ? spec(long, equals) : `${spec(short, '')} ${spec(long, equals)}`;
}

function action({ choices, completes }: CompletedValue): string {
  if (choices.length > 0) return `(${choices.join(' ')})`;
  if (completes === 'directory') return '_files -/';
  return completes === 'file' ? '_files' : ' ';
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
