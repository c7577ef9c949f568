// The completion script for bash 3.2 and newer (macOS has the old one, so no associative arrays).

import type { CompletedOption, CompletedValue, CompletionModel } from './completion-model.js';

export function bashScript(model: CompletionModel): string {
  const groups = model.groups.map(({ words, next }) => `    "${words}") echo "${next.map(({ word }) => word).join(' ')}" ;;`);
  const options = model.commands.map(({ words, options: own }) => `    "${words}") echo "${names(own)}" ;;`);
  const values = model.commands.flatMap(({ words, options: own }) => own.map((option) => valueCase(`${words} `, option)));
  const anywhere = model.globals.map((option) => valueCase('*', option));
  const positions = model.commands.map(({ words, argument }) => `    "${words}") echo "${valueText(argument)}" ;;`);
  return `${HEADER}
_copiloteval_next() {
  case "$1" in
${groups.join('\n')}
  esac
}
_copiloteval_options() {
  echo "${names(model.globals)}"
  case "$1" in
${options.join('\n')}
  esac
}
# What an option of a command takes: words, @file, @directory, @any; nothing for a switch.
_copiloteval_value() {
  case "$1 $2" in
${[...values, ...anywhere].filter((line) => line !== '').join('\n')}
  esac
}
_copiloteval_argument() {
  case "$1" in
${positions.join('\n')}
  esac
}
${FUNCTION}`;
}

function names(options: readonly CompletedOption[]): string {
  return options.flatMap(({ long, short }) => (short === undefined ? [long] : [long, short])).join(' ');
}

function valueCase(prefix: string, { long, short, value }: CompletedOption): string {
  if (value === undefined) return '';
  const pattern = [long, short].filter((name) => name !== undefined).map((name) => (prefix === '*' ? `*" ${name}"` : `"${prefix}${name}"`));
  return `    ${pattern.join('|')}) echo "${valueText(value)}" ;;`;
}

function valueText({ choices, completes }: CompletedValue): string {
  if (choices.length > 0) return choices.join(' ');
  return completes === undefined ? '@any' : `@${completes}`;
}

const HEADER = '# bash completion for copiloteval; made by `copiloteval completion bash`.';

const FUNCTION = `_copiloteval_offer() {
  case "$1" in
    @file) COMPREPLY=($(compgen -f -- "$2")) ;;
    @directory) COMPREPLY=($(compgen -d -- "$2")) ;;
    @any|"") COMPREPLY=() ;;
    *) COMPREPLY=($(compgen -W "$1" -- "$2")) ;;
  esac
}
_copiloteval() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" words="" option="" stopped="" word value index
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    # bash cuts --name=value into three words.
    if [[ "$word" == "=" ]]; then continue; fi
    if [[ -n "$option" ]]; then option=""; continue; fi
    if [[ "$word" == -* ]]; then
      value="$(_copiloteval_value "$words" "$word")"
      if [[ -n "$value" ]]; then option="$word"; fi
    elif [[ -z "$stopped" && " $(_copiloteval_next "$words") " == *" $word "* ]]; then
      words="\${words:+$words }$word"
    else
      stopped=1
    fi
  done
  if [[ "$cur" == "=" ]]; then cur=""; fi
  if [[ -n "$option" ]]; then
    _copiloteval_offer "$(_copiloteval_value "$words" "$option")" "$cur"
  elif [[ "$cur" == -* ]]; then
    COMPREPLY=($(compgen -W "$(_copiloteval_options "$words")" -- "$cur"))
  elif [[ -n "$(_copiloteval_next "$words")" ]]; then
    COMPREPLY=($(compgen -W "$(_copiloteval_next "$words")" -- "$cur"))
  else
    _copiloteval_offer "$(_copiloteval_argument "$words")" "$cur"
  fi
}
complete -o filenames -F _copiloteval copiloteval
`;
