// `copiloteval config path`: where the data directory and config.json are. Works also when the file is damaged.

import { existsSync } from 'node:fs';
import { printable } from '../../output/sanitize.js';
import { defineCommand, type CommandContext } from '../command.js';

export const configPathCommand = defineCommand({
  path: ['config', 'path'],
  summary: 'Show where the data directory and config.json are',
  examples: ['copiloteval config path', 'copiloteval config path -o json'],
  run: runConfigPath,
});

async function runConfigPath(_args: object, _options: object, { io, place }: CommandContext): Promise<void> {
  const { dataDir, dataDirSource, configFile } = place;
  const exists = existsSync(configFile);
  io.print({
    json: { dataDir, source: dataDirSource, configFile, exists },
    text: [
      `data directory  ${printable(dataDir)}  (${printable(dataDirSource)})`,
      `settings        ${printable(configFile)}${exists ? '' : '  (not there yet; `copiloteval init` writes it)'}`,
    ].join('\n'),
  });
  return Promise.resolve();
}
