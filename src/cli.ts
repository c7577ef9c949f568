// The program: picks the command, runs it, prints what goes wrong, gives the exit code. The process around it is
// process-main.ts's matter, so tests run all of this in their own process. Loads little: --version and --help are it.

import type { CommandEntry } from './commands/command.js';
import { EXIT_CODE_OF } from './commands/exit-codes.js';
import { guessGlobals } from './commands/global-options.js';
import { COMMANDS } from './commands/program.js';
import { selectCommand, type Selection } from './commands/select-command.js';
import type { SignalSource } from './commands/signals.js';
import type { Config } from './config/config.js';
import type { Variables } from './config/environment.js';
import { AppError } from './domain/errors.js';
import { errorText } from './output/error-text.js';
import type { Streams } from './output/streams.js';
import { colorStyle, PLAIN_STYLE, wantsColor } from './output/style.js';
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
  const report = (error: unknown): Promise<number> => reportError(error, input);
  const commands = input.commands ?? COMMANDS;
  try {
    const selection = selectCommand(input.argv, commands);
    if (selection.kind === 'command') {
      const { runCommand } = await import('./run-command.js');
      return await runCommand(selection.entry, selection.words, { ...input, commands }, report);
    }
    input.streams.stdout.write(await informationText(selection, commands));
    return 0;
  } catch (error) {
    return await report(error);
  }
}

async function informationText(
  selection: Exclude<Selection, { kind: 'command' }>,
  commands: readonly CommandEntry[],
): Promise<string> {
  if (selection.kind === 'version') return `${VERSION}\n`;
  const { groupHelp, programHelp } = await import('./commands/help-text.js');
  return selection.path.length === 0 ? programHelp(commands) : groupHelp(selection.path, commands);
}

/** The only place where errors become text. Reads the format by itself: the command line may be what is wrong. */
async function reportError(error: unknown, { argv, streams, env }: MainInput): Promise<number> {
  const { output: format, noColor, debug } = guessGlobals(argv);
  const style = wantsColor(streams.stderr, env, noColor) ? await colorStyle() : PLAIN_STYLE;
  streams.stderr.write(errorText(error, { format, debug, style }));
  return EXIT_CODE_OF[error instanceof AppError ? error.code : 'INTERNAL'];
}
