// `copiloteval schema print`: the JSON Schemas of what other programs exchange with this one.

import { defineCommand, type CommandContext } from '../command.js';
import { choice } from '../option-parsers.js';
import { optionalArgument } from '../option-specs.js';

const SCHEMAS = {
  'job-message': { title: 'JobMessage', description: 'The body of a message on a queue.', load: loadJobMessage },
} as const;
type SchemaName = keyof typeof SCHEMAS;

export const SCHEMA_NAMES = Object.keys(SCHEMAS) as readonly SchemaName[];

export const schemaPrintCommand = defineCommand({
  path: ['schema', 'print'],
  summary: 'Print a JSON Schema, such as that of the messages on the queue',
  description: 'For producers and consumers of their own: what is printed is made from the schema that the program checks with.',
  examples: ['copiloteval schema print', 'copiloteval schema print job-message > job-message.schema.json'],
  arguments: { name: optionalArgument('which one; job-message when not given', choice(SCHEMA_NAMES)) },
  run: async ({ name = 'job-message' }, _options, { io }: CommandContext) => {
    const schema = await jsonSchema(name);
    io.print({ json: schema, text: JSON.stringify(schema, null, 2) });
  },
});

/** JSON Schema 2020-12, from a producer's side: what has a default may be left out. */
export async function jsonSchema(name: SchemaName): Promise<Readonly<Record<string, unknown>>> {
  const { title, description, load } = SCHEMAS[name];
  const { $schema, ...rest } = await load();
  return { $schema, title, description, ...rest };
}

async function loadJobMessage(): Promise<Readonly<Record<string, unknown>>> {
  const { jobMessageJsonSchema } = await import('./job-message.js');
  return jobMessageJsonSchema();
}
