// Reads the description of a queue that a client sends to create or update it.

import { XMLParser, XMLValidator } from 'fast-xml-parser';

import type { QueueDefinition } from '../queue-catalog.js';
import { QUEUE_FIELDS, QueueFieldProblem, type QueueFields, queueFromFields } from '../queue-fields.js';
import { AtomError } from './atom-error.js';

/** Attributes and prefixes say nothing we need: some clients write `<QueueDescription>`, others `<ns1:QueueDescription>`. */
const parser = new XMLParser({ ignoreAttributes: true, removeNSPrefix: true, parseTagValue: false, trimValues: true });

/**
 * What the fields that are given say, in any order; fields that nobody knows are skipped, as newer clients may send them.
 * Throws AtomError 400 for what cannot be read, cannot be, or is not there in the emulator.
 */
export function readQueueEntry(name: string, body: string): QueueDefinition {
  try {
    return queueFromFields(name, fieldsOf(body));
  } catch (error) {
    throw error instanceof QueueFieldProblem ? new AtomError(400, `${error.message}.`) : error;
  }
}

function fieldsOf(body: string): QueueFields {
  const description = childOf(childOf(childOf(parsed(body), 'entry'), 'content'), 'QueueDescription');
  if (description === undefined) throw new AtomError(400, 'The body is not an entry with a QueueDescription; topics, subscriptions and rules are not available here.');
  if (typeof description === 'string') return new Map();
  // Clients that send back what they read send more than can be chosen: counts, for instance, as elements within an element.
  const chosen = Object.entries(description).filter(([name]) => QUEUE_FIELDS.includes(name));
  return new Map(chosen.map(([name, value]) => [name, typeof value === 'string' ? value : nestedText(name)]));
}

function parsed(body: string): unknown {
  // No client needs one, and what a document type can declare costs time and memory.
  if (body.includes('<!DOCTYPE')) throw new AtomError(400, 'The body must not have a document type.');
  const validity = XMLValidator.validate(body);
  if (validity !== true) throw new AtomError(400, `The body is not XML: ${validity.err.msg}`);
  try {
    return parser.parse(body);
  } catch (error) {
    throw new AtomError(400, `The body is not XML: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The child element, or the empty text when it is there without content. */
function childOf(parent: unknown, name: string): object | string | undefined {
  if (typeof parent !== 'object' || parent === null) return undefined;
  const child: unknown = new Map<string, unknown>(Object.entries(parent)).get(name);
  return typeof child === 'string' || (typeof child === 'object' && child !== null) ? child : undefined;
}

/** Only rules are written as elements inside a field, and refused by their name alone. */
function nestedText(name: string): string {
  if (name === 'AuthorizationRules') return 'rules';
  throw new AtomError(400, `${name} must be given once, as text.`);
}
