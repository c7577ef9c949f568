// The options that every command takes, before or after its words.

import { OUTPUT_FORMATS, type OutputFormat } from '../output/io.js';
import { choice, directoryPath, nonEmpty } from './option-parsers.js';
import { flag, option, type OptionSpecs, type OptionValues } from './option-specs.js';

const group = 'Global options:';

export const GLOBAL_OPTIONS = {
  profile: option('--profile <name>', 'use this profile of the configuration', { parser: nonEmpty(), group }),
  dataDir: option('--data-dir <dir>', 'keep jobs and settings there (COPILOTEVAL_HOME)', { parser: directoryPath(), group }),
  output: option<OutputFormat>('-o, --output <format>', 'how answers are printed', {
    parser: choice(OUTPUT_FORMATS),
    default: 'text',
    group,
  }),
  noColor: flag('--no-color', 'no colours (NO_COLOR)', { group }),
  debug: flag('--debug', 'show where an error comes from, and Cosmos DB costs', { group }),
  yes: flag('-y, --yes', 'answer yes to every question', { group }),
  write: flag('--write', 'allow changes in a profile marked production', { group }),
  quiet: flag('-q, --quiet', 'no remarks and no progress on stderr', { group }),
} satisfies OptionSpecs;

export type GlobalOptions = OptionValues<typeof GLOBAL_OPTIONS>;

/** What is in force before the command line is understood, so that an error in it is printed the way the user asked for. */
export function guessGlobals(argv: readonly string[]): { output: OutputFormat; noColor: boolean; debug: boolean; quiet: boolean } {
  const end = argv.indexOf('--');
  const words = end === -1 ? argv : argv.slice(0, end);
  return {
    output: guessOutput(words),
    noColor: words.includes('--no-color'),
    debug: words.includes('--debug'),
    quiet: words.includes('-q') || words.includes('--quiet'),
  };
}

function guessOutput(words: readonly string[]): OutputFormat {
  for (const [index, word] of words.entries()) {
    const value = /^(?:--output=|-o=?)(.+)$/.exec(word)?.[1] ?? (word === '-o' || word === '--output' ? words[index + 1] : undefined);
    const format = OUTPUT_FORMATS.find((candidate) => candidate === value);
    if (format !== undefined) return format;
  }
  return 'text';
}
