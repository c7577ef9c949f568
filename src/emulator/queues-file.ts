// The queues of a file, in JSON or YAML. Two layouts: a plain list, and that of the configuration file of Microsoft's emulator.

import { readFile } from 'node:fs/promises';

import { readDuration } from '../domain/duration.js';
import { AppError } from '../domain/errors.js';
import { printIsoDuration } from '../domain/iso-duration.js';
import { nearest } from '../domain/nearest.js';
import type { QueueDefinition } from './queue-catalog.js';
import { QUEUE_FIELDS, QueueFieldProblem, queueFromFields } from './queue-fields.js';

type Entries = ReadonlyMap<string, unknown>;

/** Where in the file, for errors: `queues.yaml: queues[2]`. */
type Place = string;

const HINT = 'docs/emulator.md shows both layouts of the file';

/** Throws FILE_UNREADABLE or INPUT_INVALID with the place in the file. */
export async function readQueuesFile(file: string): Promise<readonly QueueDefinition[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new AppError('FILE_UNREADABLE', `${file} cannot be read: ${reason}`, { cause: error });
  }
  return parseQueues(await parseDocument(text, file), file);
}

/** Every JSON document is a YAML one too, so one parser reads both and names line and column. */
async function parseDocument(text: string, file: string): Promise<unknown> {
  // CommonJS: bundled, it has no other name.
  const { parse } = (await import('yaml')).default;
  try {
    return parse(text, { maxAliasCount: 10 });
  } catch (error) {
    const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new AppError('INPUT_INVALID', `${file} is neither JSON nor YAML: ${line.replace(/:$/, '')}`, { cause: error });
  }
}

function parseQueues(document: unknown, file: string): readonly QueueDefinition[] {
  const root = entriesOf(document);
  const userConfig = entriesOf(root?.get('userconfig'));
  const queues = userConfig === undefined ? plainList(root?.get('queues') ?? document, file) : ofNamespaces(userConfig, file);
  const names = new Map<string, Place>();
  for (const { queue, place } of queues) {
    const first = names.get(queue.name.toLowerCase());
    if (first !== undefined) throw invalid(place, `the queue ${queue.name} stands at ${first} already; letter case does not tell queues apart`);
    names.set(queue.name.toLowerCase(), place);
  }
  return queues.map(({ queue }) => queue);
}

interface Placed {
  readonly queue: QueueDefinition;
  readonly place: Place;
}

function plainList(list: unknown, file: string): Placed[] {
  if (!Array.isArray(list)) throw invalid(file, 'expected a list of queues, or an object with a list under "queues"');
  return list.map((item, index) => readQueue(item, `${file}: queues[${index}]`));
}

/** `UserConfig.Namespaces[].Queues[]`, each `{Name, Properties}`. One namespace only: queues of two could have one name. */
function ofNamespaces(userConfig: Entries, file: string): Placed[] {
  const namespaces = userConfig.get('namespaces');
  if (!Array.isArray(namespaces) || namespaces.length !== 1) throw invalid(`${file}: UserConfig.Namespaces`, 'expected a list with one namespace');
  const namespace = entriesOf(namespaces[0]);
  const place = `${file}: UserConfig.Namespaces[0]`;
  const topics = namespace?.get('topics');
  if (Array.isArray(topics) && topics.length > 0) throw invalid(`${place}.Topics`, 'topics are not available in the emulator');
  const queues: unknown = namespace?.get('queues') ?? [];
  if (!Array.isArray(queues)) throw invalid(`${place}.Queues`, 'expected a list');
  return queues.map((item, index) => readQueue(item, `${place}.Queues[${index}]`));
}

/** A name alone, `{name, …settings}`, or `{Name, Properties: {…settings}}`. */
function readQueue(item: unknown, place: Place): Placed {
  const entries = typeof item === 'string' ? new Map([['name', item]]) : entriesOf(item);
  const name = entries?.get('name');
  if (entries === undefined || typeof name !== 'string') throw invalid(place, 'expected a name, or an object with a name');
  const settings = new Map([...entries, ...(entriesOf(entries.get('properties')) ?? [])]);
  settings.delete('name');
  settings.delete('properties');
  const fields = new Map([...settings].map(([key, value]) => fieldOf(key, value, place)));
  try {
    return { queue: queueFromFields(name, fields), place };
  } catch (error) {
    throw error instanceof QueueFieldProblem ? invalid(place, error.message) : error;
  }
}

function fieldOf(key: string, value: unknown, place: Place): [name: string, text: string] {
  const name = QUEUE_FIELDS.find((field) => field.toLowerCase() === key);
  if (name === undefined) {
    const near = nearest(key, QUEUE_FIELDS);
    throw invalid(place, `there is no setting ${JSON.stringify(key)}`, near === undefined ? undefined : `did you mean \`${near}\`?`);
  }
  if (value === null || value === undefined) return [name, ''];
  if (typeof value === 'number' || typeof value === 'boolean') return [name, String(value)];
  if (typeof value !== 'string') throw invalid(place, `${name} must be a text, a number, true or false`);
  return [name, isDuration(name) ? toIso(value) : value];
}

function isDuration(name: string): boolean {
  return /Duration$|TimeToLive$|TimeWindow$|OnIdle$/.test(name);
}

/** `30s` as well as `PT30S`. */
function toIso(text: string): string {
  const ms = readDuration(text);
  return ms === undefined ? text : printIsoDuration(ms);
}

/** Keys in lower case, so that `LockDuration` and `lockDuration` are one. Undefined when it is no object. */
function entriesOf(value: unknown): Entries | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return new Map(Object.entries(value).map(([key, entry]) => [key.toLowerCase(), entry]));
}

function invalid(place: Place, problem: string, hint = HINT): AppError {
  return new AppError('INPUT_INVALID', `${place}: ${problem}`, { hint });
}
