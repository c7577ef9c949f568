// What a command is: a record with its words, its options and what it runs, and the context it runs in.
// Parsing belongs to parse-command.ts, the list of commands to program.ts.

import type { Config } from '../config/config.js';
import type { ConfigPlace } from '../config/data-dir.js';
import type { Environment } from '../config/environment.js';
import type { Io } from '../output/io.js';
import type { Runtime } from '../runtime.js';
import type { GlobalOptions } from './global-options.js';
import type { ArgumentSpecs, ArgumentValues, OptionSpecs, OptionValues } from './option-specs.js';
import type { SignalHandler } from './signals.js';

/** All a command may touch. Everything here is also there in tests, without a process around it. */
export interface CommandContext {
  readonly io: Io;
  readonly globals: GlobalOptions;
  /** The words that were typed, without the program's name, --reason-text and global options; for the audit log. */
  readonly commandLine: string;
  /** The variables that settings are read from, for looking at ones that are no settings. */
  readonly env: Environment;
  /** The settings in force, read when first used. Throws CONFIG_INVALID or PROFILE_UNKNOWN. */
  readonly config: Config;
  /** Every command of the program, for those that are about commands. */
  readonly commands: readonly CommandEntry[];
  /** Where the data directory and its config.json are; never throws, also when the file is damaged. */
  readonly place: ConfigPlace;
  /** The same in the user's own data directory, which `init --user-dir` writes to. */
  readonly userPlace: ConfigPlace;
  /** The directory that relative paths on the command line start from. */
  readonly cwd: string;
  /** Fires on the first SIGINT, SIGTERM or SIGHUP, and when the reader of stdout has gone. */
  readonly signal: AbortSignal;
  /**
   * Takes the signals over: from now on `handler` hears of each one and `signal` no longer fires by them.
   * The third signal ends the process all the same. Returns a function that gives them back.
   */
  onSignal(handler: SignalHandler): () => void;
  /** The opened backend and services: opened by the first call, closed after the command by cli.ts. */
  runtime(): Promise<Runtime>;
}

export interface CommandDefinition<A extends ArgumentSpecs, O extends OptionSpecs> {
  /** The words typed, as in `['dlq', 'replay']`. */
  readonly path: readonly string[];
  /** One line for the list of commands; no full stop. */
  readonly summary: string;
  /** More lines for the command's own help. */
  readonly description?: string;
  /** At least one full command line each, shown at the end of the help. */
  readonly examples: readonly string[];
  /** In the order typed. */
  readonly arguments?: A;
  readonly options?: O;
  /** Changes jobs, queues or dead letters: refused in a production profile without --write. A `dryRun` option excepts it. */
  readonly changes?: boolean;
  /**
   * Does the work. Failure is a thrown AppError, also after something was printed; a returned number is the
   * exit code and is meant for commands that took the signals over.
   */
  run(args: ArgumentValues<A>, options: OptionValues<O>, context: CommandContext): Promise<number | void>;
}

/** A command as the shell sees it: the types of its options are known to the command alone. */
export interface Command {
  readonly path: readonly string[];
  readonly summary: string;
  readonly description: string | undefined;
  readonly examples: readonly string[];
  readonly arguments: ArgumentSpecs;
  readonly options: OptionSpecs;
  readonly changes: boolean;
  run(
    args: Readonly<Record<string, unknown>>,
    options: Readonly<Record<string, unknown>>,
    context: CommandContext,
  ): Promise<number | void>;
}

/** Makes a command. The one place where parsed values get their types: parse-command.ts fills them by the same specs. */
export function defineCommand<A extends ArgumentSpecs = Record<never, never>, O extends OptionSpecs = Record<never, never>>(
  definition: CommandDefinition<A, O>,
): Command {
  return {
    path: definition.path,
    summary: definition.summary,
    description: definition.description,
    examples: definition.examples,
    arguments: definition.arguments ?? {},
    options: definition.options ?? {},
    changes: definition.changes ?? false,
    run: (args, options, context) =>
      definition.run(args as ArgumentValues<A>, options as OptionValues<O>, context),
  };
}

export const COMMAND_GROUPS = ['Jobs', 'Workers and queues', 'Dead letters', 'Setup'] as const;
export type CommandGroup = (typeof COMMAND_GROUPS)[number];

/** A command as the list of commands has it: enough for the help, and how to get the rest. */
export interface CommandEntry {
  readonly path: readonly string[];
  /** As in the command's own definition; a test compares the two. */
  readonly summary: string;
  readonly group: CommandGroup;
  load(): Promise<Command>;
}
