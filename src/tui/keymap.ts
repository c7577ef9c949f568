// The one table of keys. It decides what a key does, and is what the footer, the help and docs/dashboard.md are made from.

/** Where a key means something. Dialogs, the prompt and the help have all keys to themselves. */
export const CONTEXTS = [
  'everywhere',
  'lists',
  'overview',
  'jobs',
  'job',
  'dead',
  'letter',
  'operations',
  'operation',
  'workers',
  'log',
  'new-job',
  'ask',
  'pick',
  'tell',
] as const;
export type Context = (typeof CONTEXTS)[number];

export interface Binding {
  readonly keys: readonly string[];
  readonly context: Context;
  readonly action: string;
  /** What it does, for the help; no full stop. */
  readonly help: string;
  /** A word or two for the footer; bindings without it are in the help only. */
  readonly hint?: string;
  /** It changes data, after a dialog that asks, or one that has to be typed into. */
  readonly danger?: 'asks' | 'typed';
  /** It has another meaning here than everywhere, on purpose. */
  readonly shadows?: true;
}

/** In the order of the footer and the help. */
export const BINDINGS = [
  { keys: ['enter'], context: 'overview', action: 'overview.open', help: 'jobs of the queue', hint: 'jobs' },
  { keys: ['d'], context: 'overview', action: 'overview.dead', help: 'dead letters of the queue', hint: 'dead letters' },
  { keys: ['o'], context: 'overview', action: 'overview.sort', help: 'sort by depth, name or dead letters', hint: 'sort' },
  { keys: ['/'], context: 'overview', action: 'overview.filter', help: 'queues whose names fit: *-jobs, or a part of the name', hint: 'filter' },
  { keys: ['X'], context: 'overview', action: 'overview.pause', help: 'pause the queue, or resume it', hint: 'pause queue', danger: 'asks' },

  { keys: ['enter'], context: 'jobs', action: 'jobs.open', help: 'the job in detail', hint: 'detail' },
  { keys: ['/'], context: 'jobs', action: 'jobs.filter', help: 'filter by an expression: status = Failed and age > 1h', hint: 'filter' },
  { keys: ['space'], context: 'jobs', action: 'jobs.mark', help: 'mark the job, or take the mark off', hint: 'mark' },
  { keys: ['*'], context: 'jobs', action: 'jobs.mark-all', help: 'mark the loaded jobs; again: every job that fits the filter', hint: 'mark all' },
  { keys: ['R'], context: 'jobs', action: 'jobs.retry', help: 'queue the marked jobs again, else the selected one', hint: 'retry', danger: 'asks' },
  { keys: ['C'], context: 'jobs', action: 'jobs.cancel', help: 'cancel the marked jobs, else the selected one', hint: 'cancel', danger: 'asks' },
  { keys: ['o'], context: 'jobs', action: 'jobs.sort', help: 'sort the loaded jobs', hint: 'sort' },
  { keys: ['c'], context: 'jobs', action: 'jobs.columns', help: 'choose the columns', hint: 'columns', shadows: true },
  { keys: ['f'], context: 'jobs', action: 'jobs.filters', help: 'ready-made and saved filters', hint: 'filters' },
  { keys: ['ctrl-s'], context: 'jobs', action: 'jobs.save-filter', help: 'save the filter for other days, or give it up' },
  { keys: ['y'], context: 'jobs', action: 'jobs.copy', help: "copy the job's id", hint: 'copy id' },
  { keys: ['Y'], context: 'jobs', action: 'jobs.copy-command', help: 'copy the command line that lists the same' },
  { keys: ['d'], context: 'jobs', action: 'jobs.dead', help: "dead letters of the job's queue" },

  { keys: ['tab', 'right'], context: 'job', action: 'job.next', help: 'next section', hint: 'section' },
  { keys: ['shift-tab', 'left'], context: 'job', action: 'job.previous', help: 'previous section' },
  { keys: ['t'], context: 'job', action: 'job.timeline', help: 'timeline' },
  { keys: ['p'], context: 'job', action: 'job.payload', help: 'payload', shadows: true },
  { keys: ['u'], context: 'job', action: 'job.result', help: 'result' },
  { keys: ['e'], context: 'job', action: 'job.error', help: 'error' },
  { keys: ['l'], context: 'job', action: 'job.logs', help: 'log lines' },
  { keys: ['a'], context: 'job', action: 'job.artifacts', help: 'artifacts' },
  { keys: ['j', 'down'], context: 'job', action: 'job.down', help: 'scroll down' },
  { keys: ['k', 'up'], context: 'job', action: 'job.up', help: 'scroll up' },
  { keys: ['pagedown', 'ctrl-d', 'space'], context: 'job', action: 'job.page-down', help: 'scroll a page down' },
  { keys: ['pageup', 'ctrl-u'], context: 'job', action: 'job.page-up', help: 'scroll a page up' },
  { keys: ['g', 'home'], context: 'job', action: 'job.first', help: 'to the first line' },
  { keys: ['G', 'end'], context: 'job', action: 'job.last', help: 'to the last line' },
  { keys: ['w'], context: 'job', action: 'job.wrap', help: 'break long lines, or cut them' },
  { keys: ['R'], context: 'job', action: 'job.retry', help: 'queue the job again', hint: 'retry', danger: 'asks' },
  { keys: ['C'], context: 'job', action: 'job.cancel', help: 'cancel the job', hint: 'cancel', danger: 'asks' },
  { keys: ['d'], context: 'job', action: 'job.dead', help: "its dead letter's queue", hint: 'dead letters' },
  { keys: ['/'], context: 'job', action: 'job.find', help: 'look for a text in the section', hint: 'find' },
  { keys: ['n'], context: 'job', action: 'job.find-next', help: 'next line that has it', shadows: true },
  { keys: ['N'], context: 'job', action: 'job.find-previous', help: 'previous line that has it' },
  { keys: ['y'], context: 'job', action: 'job.copy', help: 'copy the id', hint: 'copy id' },
  { keys: ['Y'], context: 'job', action: 'job.copy-json', help: 'copy the job as JSON', hint: 'copy JSON' },
  { keys: ['s'], context: 'job', action: 'job.save', help: 'save the section to a file', hint: 'save' },

  { keys: ['tab', 'right', 'left', 'shift-tab'], context: 'dead', action: 'dead.pane', help: 'between groups and messages', hint: 'pane' },
  { keys: ['enter'], context: 'dead', action: 'dead.open', help: 'messages of the group; the message', hint: 'open' },
  { keys: ['R'], context: 'dead', action: 'dead.replay', help: 'replay the group, the marked messages, or the selected one', hint: 'replay', danger: 'asks' },
  { keys: ['P'], context: 'dead', action: 'dead.purge', help: 'purge the group, the marked messages, or the selected one', hint: 'purge', danger: 'typed' },
  { keys: ['E'], context: 'dead', action: 'dead.edit', help: 'change the payload in your editor, then replay', hint: 'edit', danger: 'asks' },
  { keys: ['space'], context: 'dead', action: 'dead.mark', help: 'mark the message, or take the mark off', hint: 'mark' },
  { keys: ['*'], context: 'dead', action: 'dead.mark-all', help: 'mark the loaded messages', hint: 'mark all' },
  { keys: ['/'], context: 'dead', action: 'dead.filter', help: 'filter by an expression: reason ~ timeout and age > 1h', hint: 'filter' },
  { keys: ['F'], context: 'dead', action: 'dead.filters', help: 'ready-made and saved filters' },
  { keys: ['ctrl-s'], context: 'dead', action: 'dead.save-filter', help: 'save the filter for other days, or give it up' },
  { keys: [']'], context: 'dead', action: 'dead.next-queue', help: 'next queue', hint: 'queue' },
  { keys: ['['], context: 'dead', action: 'dead.previous-queue', help: 'previous queue' },
  { keys: ['f'], context: 'dead', action: 'dead.more', help: 'load more messages', hint: 'more' },
  { keys: ['s'], context: 'dead', action: 'dead.save', help: 'save the messages to a file', hint: 'save' },
  { keys: ['o'], context: 'dead', action: 'dead.operations', help: 'replays, purges and restores so far', hint: 'operations' },
  { keys: ['y'], context: 'dead', action: 'dead.copy', help: "copy the group's name or the message's job id", hint: 'copy' },

  { keys: ['tab', 'right'], context: 'letter', action: 'letter.next', help: 'next section', hint: 'section' },
  { keys: ['shift-tab', 'left'], context: 'letter', action: 'letter.previous', help: 'previous section' },
  { keys: ['b'], context: 'letter', action: 'letter.body', help: 'body' },
  { keys: ['h'], context: 'letter', action: 'letter.headers', help: 'headers and properties' },
  { keys: ['e'], context: 'letter', action: 'letter.error', help: 'why it is here' },
  { keys: ['d'], context: 'letter', action: 'letter.diff', help: 'the payload against what its job was submitted with' },
  { keys: ['j', 'down'], context: 'letter', action: 'letter.down', help: 'scroll down' },
  { keys: ['k', 'up'], context: 'letter', action: 'letter.up', help: 'scroll up' },
  { keys: ['pagedown', 'ctrl-d', 'space'], context: 'letter', action: 'letter.page-down', help: 'scroll a page down' },
  { keys: ['pageup', 'ctrl-u'], context: 'letter', action: 'letter.page-up', help: 'scroll a page up' },
  { keys: ['g', 'home'], context: 'letter', action: 'letter.first', help: 'to the first line' },
  { keys: ['G', 'end'], context: 'letter', action: 'letter.last', help: 'to the last line' },
  { keys: ['w'], context: 'letter', action: 'letter.wrap', help: 'break long lines, or cut them' },
  { keys: ['R'], context: 'letter', action: 'letter.replay', help: 'replay this message', hint: 'replay', danger: 'asks' },
  { keys: ['P'], context: 'letter', action: 'letter.purge', help: 'purge this message', hint: 'purge', danger: 'typed' },
  { keys: ['E'], context: 'letter', action: 'letter.edit', help: 'change the payload in your editor, then replay', hint: 'edit', danger: 'asks' },
  { keys: ['enter'], context: 'letter', action: 'letter.job', help: 'the job of this message', hint: 'job' },
  { keys: ['/'], context: 'letter', action: 'letter.find', help: 'look for a text in the section', hint: 'find' },
  { keys: ['n'], context: 'letter', action: 'letter.find-next', help: 'next line that has it', shadows: true },
  { keys: ['N'], context: 'letter', action: 'letter.find-previous', help: 'previous line that has it' },
  { keys: ['s'], context: 'letter', action: 'letter.save', help: 'save the body to a file', hint: 'save' },
  { keys: ['y'], context: 'letter', action: 'letter.copy', help: "copy the job's id", hint: 'copy' },
  { keys: ['Y'], context: 'letter', action: 'letter.copy-json', help: 'copy the message as JSON' },

  { keys: ['enter'], context: 'operations', action: 'operations.open', help: 'every letter of the operation', hint: 'ledger' },
  { keys: ['B'], context: 'operations', action: 'operations.restore', help: 'bring back what a purge removed', hint: 'bring back', danger: 'asks' },
  { keys: ['R'], context: 'operations', action: 'operations.resume', help: 'finish an operation that was cut off', hint: 'resume', danger: 'asks' },
  { keys: ['y'], context: 'operations', action: 'operations.copy', help: "copy the operation's id", hint: 'copy id' },

  { keys: ['enter'], context: 'operation', action: 'operation.open', help: 'the job of the letter', hint: 'job' },
  { keys: ['B'], context: 'operation', action: 'operation.restore', help: 'bring back what this purge removed', hint: 'bring back', danger: 'asks' },
  { keys: ['R'], context: 'operation', action: 'operation.resume', help: 'finish this operation', hint: 'resume', danger: 'asks' },
  { keys: ['y'], context: 'operation', action: 'operation.copy', help: "copy the operation's id", hint: 'copy id' },

  { keys: ['enter'], context: 'workers', action: 'workers.open', help: 'what the worker runs', hint: 'its jobs' },
  { keys: ['o'], context: 'workers', action: 'workers.sort', help: 'sort by state, name, busy places, jobs a minute or failures', hint: 'sort' },
  { keys: ['X'], context: 'workers', action: 'workers.drain', help: 'let the worker finish what it holds and end', hint: 'drain', danger: 'asks' },
  { keys: ['l'], context: 'workers', action: 'workers.log', help: 'log lines that name the worker', hint: 'its log' },
  { keys: ['y'], context: 'workers', action: 'workers.copy', help: "copy the worker's id", hint: 'copy id' },

  { keys: ['enter'], context: 'log', action: 'log.open', help: 'the job of the line', hint: 'job' },
  { keys: ['f'], context: 'log', action: 'log.follow', help: 'stay at the newest line, or stop to', hint: 'follow' },
  { keys: ['/'], context: 'log', action: 'log.filter', help: 'lines that contain a text', hint: 'filter' },
  { keys: ['y'], context: 'log', action: 'log.copy', help: 'copy the line', hint: 'copy' },

  { keys: ['tab', 'down'], context: 'new-job', action: 'form.next', help: 'next field', hint: 'next field' },
  { keys: ['shift-tab', 'up'], context: 'new-job', action: 'form.previous', help: 'previous field' },
  { keys: ['enter'], context: 'new-job', action: 'form.enter', help: 'choose the type, edit the payload, submit', hint: 'edit, submit' },
  { keys: ['ctrl-s'], context: 'new-job', action: 'form.submit', help: 'show what would be submitted, and ask', hint: 'submit', danger: 'asks' },

  { keys: ['j', 'down'], context: 'lists', action: 'list.down', help: 'down' },
  { keys: ['k', 'up'], context: 'lists', action: 'list.up', help: 'up' },
  { keys: ['g', 'home'], context: 'lists', action: 'list.first', help: 'first row' },
  { keys: ['G', 'end'], context: 'lists', action: 'list.last', help: 'last row' },
  { keys: ['ctrl-d', 'pagedown'], context: 'lists', action: 'list.page-down', help: 'a page down' },
  { keys: ['ctrl-u', 'pageup'], context: 'lists', action: 'list.page-up', help: 'a page up' },
  { keys: ['H'], context: 'lists', action: 'list.high', help: 'top row of the screen' },
  { keys: ['M'], context: 'lists', action: 'list.middle', help: 'middle row of the screen' },
  { keys: ['L'], context: 'lists', action: 'list.low', help: 'bottom row of the screen' },

  { keys: ['1'], context: 'everywhere', action: 'go.overview', help: 'Overview' },
  { keys: ['2'], context: 'everywhere', action: 'go.jobs', help: 'Jobs' },
  { keys: ['3'], context: 'everywhere', action: 'go.dead', help: 'Dead letters' },
  { keys: ['4'], context: 'everywhere', action: 'go.workers', help: 'Workers' },
  { keys: ['5'], context: 'everywhere', action: 'go.log', help: 'Log' },
  { keys: ['n'], context: 'everywhere', action: 'go.new-job', help: 'new job', hint: 'new job' },
  { keys: ['-'], context: 'everywhere', action: 'go.last', help: 'the view before' },
  { keys: ['@'], context: 'everywhere', action: 'go.profile', help: 'another profile' },
  { keys: ['p'], context: 'everywhere', action: 'pace.pause', help: 'stop looking for news, or go on', hint: 'hold' },
  { keys: ['r'], context: 'everywhere', action: 'pace.refresh', help: 'look now', hint: 'refresh' },
  { keys: ['<'], context: 'everywhere', action: 'pace.slower', help: 'look half as often' },
  { keys: ['>'], context: 'everywhere', action: 'pace.faster', help: 'look twice as often' },
  { keys: ['ctrl-y', 'c'], context: 'everywhere', action: 'go.copy-command', help: 'copy the command line of the last change' },
  { keys: [':'], context: 'everywhere', action: 'go.command', help: 'type a command', hint: 'command' },
  { keys: ['?'], context: 'everywhere', action: 'go.help', help: 'this help', hint: 'help' },
  { keys: ['escape'], context: 'everywhere', action: 'go.escape', help: 'undo one step: prompt, dialog, marks, filter, detail' },
  { keys: ['q'], context: 'everywhere', action: 'go.back', help: 'back; from a root view: quit', hint: 'quit' },
  { keys: ['ctrl-c'], context: 'everywhere', action: 'go.quit', help: 'quit' },
  { keys: ['ctrl-z'], context: 'everywhere', action: 'go.stop', help: 'suspend the program' },

  { keys: ['y'], context: 'ask', action: 'ask.yes', help: 'do it' },
  { keys: ['n', 'escape', 'enter', 'q'], context: 'ask', action: 'ask.no', help: 'do not' },
  { keys: ['t'], context: 'ask', action: 'ask.target', help: 'replay to another queue' },
  { keys: ['s'], context: 'ask', action: 'ask.rate', help: 'replay faster or slower' },
  { keys: ['v'], context: 'ask', action: 'ask.details', help: 'show or hide what it means in detail' },
  { keys: ['c'], context: 'ask', action: 'ask.copy', help: 'copy the command line that does the same' },
  { keys: ['ctrl-c'], context: 'ask', action: 'ask.quit', help: 'do not, and quit' },

  { keys: ['j', 'down', 'tab'], context: 'pick', action: 'pick.down', help: 'next' },
  { keys: ['k', 'up', 'shift-tab'], context: 'pick', action: 'pick.up', help: 'previous' },
  { keys: ['enter'], context: 'pick', action: 'pick.choose', help: 'take it' },
  { keys: ['escape', 'q'], context: 'pick', action: 'pick.close', help: 'close' },

  { keys: ['escape', 'enter', 'q', 'space'], context: 'tell', action: 'tell.close', help: 'close' },
  { keys: ['y', 'c'], context: 'tell', action: 'tell.copy', help: 'copy the command line that does the same' },
] as const satisfies readonly Binding[];

export type Action = (typeof BINDINGS)[number]['action'];

const BY_CONTEXT: ReadonlyMap<Context, ReadonlyMap<string, Binding & { readonly action: Action }>> = new Map(
  CONTEXTS.map((context) => [
    context,
    new Map(BINDINGS.flatMap((binding) => (binding.context === context ? binding.keys.map((key) => [key, binding] as const) : []))),
  ]),
);

/** What the key does, by the first of these contexts that knows it. */
export function bindingOf(key: string, contexts: readonly Context[]): (Binding & { readonly action: Action }) | undefined {
  for (const context of contexts) {
    const binding = BY_CONTEXT.get(context)?.get(key);
    if (binding !== undefined) return binding;
  }
  return undefined;
}

/** Of one context, in the order of the table. */
export function bindingsOf(context: Context): readonly Binding[] {
  return BINDINGS.filter((binding) => binding.context === context);
}
