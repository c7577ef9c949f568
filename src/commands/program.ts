// The list of commands. A command's module is loaded when the command is typed, so that no command pays for another.

import type { CommandEntry } from './command.js';

/** In the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    path: ['init'],
    summary: 'Set up a data directory and a profile',
    group: 'Setup',
    load: async () => (await import('./init.js')).initCommand,
  },
  {
    path: ['config', 'show'],
    summary: 'Show the settings in force and where each comes from',
    group: 'Setup',
    load: async () => (await import('./config/show.js')).configShowCommand,
  },
  {
    path: ['config', 'path'],
    summary: 'Show where the data directory and config.json are',
    group: 'Setup',
    load: async () => (await import('./config/path.js')).configPathCommand,
  },
  {
    path: ['config', 'use'],
    summary: 'Make a profile the one in use',
    group: 'Setup',
    load: async () => (await import('./config/use.js')).configUseCommand,
  },
  {
    path: ['completion'],
    summary: 'Print a script that completes commands and options in a shell',
    group: 'Setup',
    load: async () => (await import('./completion.js')).completionCommand,
  },
  {
    path: ['schema', 'print'],
    summary: 'Print a JSON Schema, such as that of the messages on the queue',
    group: 'Setup',
    load: async () => (await import('./schema/print.js')).schemaPrintCommand,
  },
];
