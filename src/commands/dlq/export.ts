// `copiloteval dlq export`: writes dead letters to a file or to stdout. Nothing is changed.

import { formatBytes, counted } from '../../output/quantities.js';
import { EXPORT_FORMATS, exportLetters, type ExportFormat } from '../../services/dead-letters/export-letters.js';
import { defineCommand, type CommandContext } from '../command.js';
import { choice, filePath } from '../option-parsers.js';
import { option, type OptionValues } from '../option-specs.js';
import { agreeToOverwrite, writeOutputFile } from '../output-file.js';
import { chooseForReading, selectionOptions } from './selection-options.js';

const options = {
  ...selectionOptions,
  out: option('--out <file>', 'write there; to stdout when not given', { parser: filePath() }),
  format: option('--format <format>', 'the form of the lines; by the name of the file when not given', { parser: choice(EXPORT_FORMATS) }),
};

export const dlqExportCommand = defineCommand({
  path: ['dlq', 'export'],
  summary: 'Write dead letters to a file as JSON lines or CSV',
  description: 'JSON lines keep every byte of bodies and properties. The file appears when it is complete. Nothing is changed in the queues.',
  examples: ['copiloteval dlq export --out letters.jsonl', 'copiloteval dlq export --queue evaluation-jobs --group G3K --out letters.csv', 'copiloteval dlq export | jq .reason'],
  options,
  run: runDlqExport,
});

async function runDlqExport(_args: object, given: OptionValues<typeof options>, context: CommandContext): Promise<void> {
  const { io, signal } = context;
  const file = given.out === undefined || given.out === '-' ? undefined : await agreeToOverwrite(given.out, context);
  const runtime = await context.runtime();
  const chosen = await chooseForReading(given, runtime);
  const format = given.format ?? formatOf(file);
  let letters = 0;
  const progress = io.progress({ label: 'exporting' });
  const lines = exportLetters(runtime, { ...chosen, signal }, { format, onExported: (exported) => progress.update((letters = exported)) });
  try {
    if (file === undefined) {
      for await (const piece of lines) io.write(piece);
      io.note(`exported ${counted(letters, 'dead letter')}`);
      return;
    }
    const bytes = await writeOutputFile(file, lines);
    io.print({ json: { file, format, exported: letters, bytes }, text: '' });
    io.note(`exported ${counted(letters, 'dead letter')} (${formatBytes(bytes)}) to ${given.out}`);
  } finally {
    progress.done();
  }
}

function formatOf(file: string | undefined): ExportFormat {
  return file?.toLowerCase().endsWith('.csv') === true ? 'csv' : 'jsonl';
}
