// `copiloteval config use`: makes a profile the one in use.

import { requireProfile } from '../../config/config.js';
import { DEFAULT_PROFILE, readConfigFile, writeConfigFile } from '../../config/config-file.js';
import { printable } from '../../output/sanitize.js';
import { defineCommand, type CommandContext } from '../command.js';
import { argument } from '../option-specs.js';

export const configUseCommand = defineCommand({
  path: ['config', 'use'],
  summary: 'Make a profile the one in use',
  description: 'For one command only, `--profile NAME` or COPILOTEVAL_PROFILE does the same.',
  examples: ['copiloteval config use staging', 'copiloteval config use default'],
  arguments: { profile: argument('the name of a profile in config.json') },
  run: runConfigUse,
});

async function runConfigUse(args: { profile: string }, _options: object, { io, place }: CommandContext): Promise<void> {
  const { profile } = args;
  const file = readConfigFile(place.configFile);
  if (profile !== DEFAULT_PROFILE || file === undefined) requireProfile(profile, file, place.configFile);
  writeConfigFile(place.configFile, { profile, profiles: file?.profiles ?? {} });
  io.print({
    json: { profile, configFile: place.configFile },
    text: `profile ${printable(profile)} is now in use (${printable(place.configFile)})`,
  });
  return Promise.resolve();
}
