// `copiloteval completion`: scripts for shells, made from the list of commands and the options each one declares.

import { defineCommand, type CommandContext } from './command.js';
import { bashScript } from './completion/bash.js';
import { completionModel } from './completion/completion-model.js';
import { fishScript } from './completion/fish.js';
import { zshScript } from './completion/zsh.js';
import { choice } from './option-parsers.js';
import { argument } from './option-specs.js';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;
const SHELLS = ['bash', 'zsh', 'fish'] as const;

export const completionCommand = defineCommand({
  path: ['completion'],
  summary: 'Print a script that completes commands and options in a shell',
  description: [
    'bash:  copiloteval completion bash > ~/.local/share/bash-completion/completions/copiloteval',
    'zsh:   copiloteval completion zsh > "${fpath[1]}/_copiloteval"',
    'fish:  copiloteval completion fish > ~/.config/fish/completions/copiloteval.fish',
  ].join('\n'),
  examples: ['source <(copiloteval completion bash)', 'copiloteval completion zsh > "${fpath[1]}/_copiloteval"'],
  arguments: { shell: argument('bash, zsh or fish', choice(SHELLS)) },
  run: async ({ shell }, _options, { io, commands }: CommandContext) => {
    const script = SCRIPTS[shell](await completionModel(commands));
    io.print({ json: { shell, script }, text: script });
  },
});
