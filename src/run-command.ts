// Runs one chosen command: reads its words, opens its context, closes what it opened, waits for signals.

import type { MainInput } from './cli.js';
import type { Command, CommandContext, CommandEntry } from './commands/command.js';
import { printCommandLine } from './commands/command-line.js';
import type { GlobalOptions } from './commands/global-options.js';
import { parseCommand, type ParsedCommand } from './commands/parse-command.js';
import { exitCodeOfSignal, SignalWatch } from './commands/signals.js';
import { loadConfig, type Config } from './config/config.js';
import { locateDataDir, placeAt, userDataDir } from './config/data-dir.js';
import { openEnvironment } from './config/environment.js';
import { AppError } from './domain/errors.js';
import { StreamIo, type Io } from './output/io.js';
import { colorStyle, PLAIN_STYLE, wantsColor, type Style } from './output/style.js';
import { systemClock } from './ports/clock.js';
import type { Runtime } from './runtime.js';

/** As main() got it, with the list of commands it chose from. */
export type RunInput = MainInput & { readonly commands: readonly CommandEntry[] };

type Report = (error: unknown) => Promise<number>;

/** The exit code. Errors before the command starts are thrown, those of the command go to `report`. */
export async function runCommand(
  entry: CommandEntry,
  words: readonly string[],
  input: RunInput,
  report: Report,
): Promise<number> {
  const command = await entry.load();
  const parsed = parseCommand(command, words, input.streams.stdout.columns);
  if ('help' in parsed) {
    input.streams.stdout.write(parsed.help);
    return 0;
  }
  const watch = new SignalWatch(input.signals);
  input.streams.onOutputClosed(() => watch.outputClosed());
  try {
    const code = await runWatched({ entry, command, parsed, words }, input, watch, report);
    return watch.abortedBy === undefined ? code : exitCodeOfSignal(watch.abortedBy);
  } finally {
    watch.stop();
  }
}

/** One command line, understood. */
interface Typed {
  readonly entry: CommandEntry;
  readonly command: Command;
  readonly parsed: ParsedCommand;
  readonly words: readonly string[];
}

async function runWatched(typed: Typed, input: RunInput, watch: SignalWatch, report: Report): Promise<number> {
  const { command, parsed } = typed;
  const context = await openContext(typed, input, watch);
  try {
    return (await command.run(parsed.args, parsed.options, context)) ?? 0;
  } catch (error) {
    // What an interrupted command throws is the interruption itself, unless it says what was left undone.
    if (watch.signal.aborted && !(error instanceof AppError)) return 0;
    return await report(error);
  } finally {
    await context.closeRuntime();
  }
}

interface OpenContext extends CommandContext {
  closeRuntime(): Promise<void>;
}

async function openContext(typed: Typed, input: RunInput, watch: SignalWatch): Promise<OpenContext> {
  const { cwd } = input;
  const { globals } = typed.parsed;
  const env = await openEnvironment(input.env, cwd);
  const place = locateDataDir({ flag: globals.dataDir, env, cwd });
  let config: Config | undefined;
  let runtime: Promise<Runtime> | undefined;
  const readConfig = (): Config => (config ??= loadConfig({ place, env, cwd, profile: globals.profile }));
  const io = await openIo(globals, input, watch.signal);
  return {
    io,
    globals,
    commandLine: printCommandLine(typed.entry.path, typed.words),
    env,
    commands: input.commands,
    place,
    userPlace: placeAt(userDataDir(env), '--user-dir', false),
    cwd,
    signal: watch.signal,
    get config() {
      return readConfig();
    },
    onSignal: (handler) => watch.takeOver(handler),
    runtime: async () => (runtime ??= openRuntime(typed, readConfig(), input, io)),
    closeRuntime: async () => {
      const opened = await runtime?.catch(() => undefined);
      await opened?.close();
      // Closing costs something too.
      if (globals.debug && opened?.usage) noteUsage(opened.usage(), io);
    },
  };
}

/** What the command has cost in a store that charges for each request. */
function noteUsage({ requests, requestUnits }: { readonly requests: number; readonly requestUnits: number }, io: Io): void {
  io.note(`Cosmos DB: ${requests} ${requests === 1 ? 'request' : 'requests'}, ${requestUnits} request units`, { storeUsage: { requests, requestUnits } });
}

/** The one door to jobs and queues: what a production profile forbids is refused before it opens. */
async function openRuntime({ command, parsed }: Typed, config: Config, input: RunInput, io: Io): Promise<Runtime> {
  if (config.production) {
    const { productionBanner, refuseReadOnly } = await import('./commands/guard-rails.js');
    io.note(io.errorStyle.red(io.errorStyle.bold(productionBanner(config, parsed.globals))));
    refuseReadOnly(command, parsed.options, config, parsed.globals);
  }
  const runtime = await openBackends(config, input);
  if (runtime.degraded !== null) io.warn(runtime.degraded);
  return runtime;
}

async function openBackends(config: Config, input: RunInput): Promise<Runtime> {
  if (input.openRuntime) return input.openRuntime(config);
  const composition = await import('./runtime.js');
  return composition.openRuntime(config);
}

async function openIo(globals: GlobalOptions, { streams, env }: RunInput, signal: AbortSignal): Promise<Io> {
  const styleFor = async (stream: { isTerminal: boolean }): Promise<Style> =>
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
