// The program: picks the command, runs it, prints what goes wrong, gives the exit code. The process around it is
// process-main.ts's matter, so tests run all of this in their own process.

import type { Config } from './config/config.js';
import type { ConfigPlace } from './config/data-dir.js';
import type { Variables } from './config/environment.js';
import { guessGlobals, type GlobalOptions } from './commands/global-options.js';
import type { Command, CommandContext } from './commands/command.js';
import { COMMANDS, type CommandEntry } from './commands/program.js';
import { selectCommand, type Selection } from './commands/select-command.js';
import { exitCodeOfSignal, SignalWatch, type SignalSource } from './commands/signals.js';
import type { ParsedCommand } from './commands/parse-command.js';
import { AppError } from './domain/errors.js';
import type { Io } from './output/io.js';
import type { Streams } from './output/streams.js';
import { systemClock } from './ports/clock.js';
import type { Runtime } from './runtime.js';
import { VERSION } from './version.js';

export interface MainInput {
  /** Without the program's own name. */
  readonly argv: readonly string[];
  readonly streams: Streams;
  readonly env: Variables;
  readonly cwd: string;
  readonly signals: SignalSource;
  /** Tests pass their own. */
  readonly commands?: readonly CommandEntry[];
  readonly openRuntime?: (config: Config) => Promise<Runtime>;
}

/** Runs one command line. Never throws; everything that goes wrong is printed and becomes the exit code. */
export async function main(input: MainInput): Promise<number> {
  const { argv, streams } = input;
  try {
    const selection = selectCommand(argv, input.commands ?? COMMANDS);
    if (selection.kind === 'command') return await runEntry(selection.entry, selection.words, input);
    streams.stdout.write(await informationText(selection, input.commands ?? COMMANDS));
    return 0;
  } catch (error) {
    return await printError(error, input);
  }
}

async function informationText(selection: Exclude<Selection, { kind: 'command' }>, commands: readonly CommandEntry[]): Promise<string> {
  if (selection.kind === 'version') return `${VERSION}\n`;
  const { groupHelp, programHelp } = await import('./commands/help-text.js');
  return selection.path.length === 0 ? programHelp(commands) : groupHelp(selection.path, commands);
}

async function runEntry(entry: CommandEntry, words: readonly string[], input: MainInput): Promise<number> {
  const [command, { parseCommand }] = await Promise.all([entry.load(), import('./commands/parse-command.js')]);
  const parsed = parseCommand(command, words, input.streams.stdout.columns);
  if ('help' in parsed) {
    input.streams.stdout.write(parsed.help);
    return 0;
  }
  const watch = new SignalWatch(input.signals);
  input.streams.onOutputClosed(() => watch.outputClosed());
  try {
    return await runWatched(command, parsed, input, watch);
  } finally {
    watch.stop();
  }
}

async function runWatched(command: Command, parsed: ParsedCommand, input: MainInput, watch: SignalWatch): Promise<number> {
  const context = await openContext(parsed.globals, input, watch);
  let code: number;
  try {
    code = (await command.run(parsed.args, parsed.options, context)) ?? 0;
  } catch (error) {
    // What an interrupted command throws is the interruption itself, unless it says what was left undone.
    const silent = watch.signal.aborted && !(error instanceof AppError);
    code = silent ? 0 : await printError(error, input);
  } finally {
    await context.closeRuntime();
  }
  return watch.abortedBy === undefined ? code : exitCodeOfSignal(watch.abortedBy);
}

interface OpenContext extends CommandContext {
  closeRuntime(): Promise<void>;
}

async function openContext(globals: GlobalOptions, input: MainInput, watch: SignalWatch): Promise<OpenContext> {
  const { openEnvironment } = await import('./config/environment.js');
  const { locateDataDir } = await import('./config/data-dir.js');
  const { loadConfig } = await import('./config/config.js');
  const env = await openEnvironment(input.env, input.cwd);
  const place: ConfigPlace = locateDataDir({ flag: globals.dataDir, env, cwd: input.cwd });
  let config: Config | undefined;
  let runtime: Promise<Runtime> | undefined;
  const readConfig = (): Config => (config ??= loadConfig({ place, env, cwd: input.cwd, profile: globals.profile }));
  return {
    io: await openIo(globals, input, watch.signal),
    globals,
    place,
    cwd: input.cwd,
    signal: watch.signal,
    get config() {
      return readConfig();
    },
    onSignal: (handler) => watch.takeOver(handler),
    runtime: () => (runtime ??= openRuntime(readConfig(), input)),
    closeRuntime: async () => {
      const opened = await runtime?.catch(() => undefined);
      await opened?.close();
    },
  };
}

async function openRuntime(config: Config, input: MainInput): Promise<Runtime> {
  if (input.openRuntime) return input.openRuntime(config);
  const composition = await import('./runtime.js');
  return composition.openRuntime(config);
}

async function openIo(globals: GlobalOptions, { streams, env }: MainInput, signal: AbortSignal): Promise<Io> {
  const { StreamIo } = await import('./output/io.js');
  const { colorStyle, PLAIN_STYLE, wantsColor } = await import('./output/style.js');
  const styleFor = async (stream: { isTerminal: boolean }) =>
    wantsColor(stream, env, globals.noColor) ? colorStyle() : PLAIN_STYLE;
  return new StreamIo(streams, {
    format: globals.output,
    quiet: globals.quiet,
    yes: globals.yes,
    style: await styleFor(streams.stdout),
    errorStyle: await styleFor(streams.stderr),
    signal,
    monotonicMs: () => systemClock.monotonic(),
  });
}

/** The only place where errors become text. Loaded modules may be the ones that failed, so it needs few. */
async function printError(error: unknown, { argv, streams, env }: MainInput): Promise<number> {
  const { errorText } = await import('./output/error-text.js');
  const { colorStyle, PLAIN_STYLE, wantsColor } = await import('./output/style.js');
  const { EXIT_CODE_OF } = await import('./commands/exit-codes.js');
  const { output: format, noColor, debug } = guessGlobals(argv);
  const style = wantsColor(streams.stderr, env, noColor) ? await colorStyle() : PLAIN_STYLE;
  streams.stderr.write(errorText(error, { format, debug, style }));
  return EXIT_CODE_OF[error instanceof AppError ? error.code : 'INTERNAL'];
}
