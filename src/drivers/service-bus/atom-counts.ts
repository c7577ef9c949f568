// Reads the message counts out of an ATOM answer. Emulators leave CountDetails out; then only the sum is known.

import type { BrokerQueue } from './queue-administration.js';

type Counts = BrokerQueue['counts'];

/** By queue name. Loads the XML parser. */
export async function readCounts(xml: string): Promise<ReadonlyMap<string, Counts>> {
  const { XMLParser } = await import('fast-xml-parser');
  const parser = new XMLParser({ removeNSPrefix: true, parseTagValue: false });
  const root: unknown = parser.parse(xml);
  const feed = field(root, 'feed');
  const entries = feed === undefined ? [field(root, 'entry')] : [field(feed, 'entry')].flat();
  const counts = new Map<string, Counts>();
  for (const entry of entries) {
    const name = nameOf(field(entry, 'id'));
    const description = field(field(entry, 'content'), 'QueueDescription');
    if (name !== undefined && description !== undefined) counts.set(name, countsOf(description));
  }
  return counts;
}

function countsOf(description: unknown): Counts {
  const details = field(description, 'CountDetails');
  if (details === undefined || details === '') return { active: count(description, 'MessageCount'), scheduled: 0, deadLetter: 0 };
  return {
    active: count(details, 'ActiveMessageCount'),
    scheduled: count(details, 'ScheduledMessageCount'),
    deadLetter: count(details, 'DeadLetterMessageCount'),
  };
}

/** The name as the SDK reads it: the path of the entry's address. */
function nameOf(id: unknown): string | undefined {
  if (typeof id !== 'string') return undefined;
  return /^[a-z]+:\/\/[^/]*\/([^?]*)/i.exec(id.trim())?.[1];
}

function count(of: unknown, name: string): number {
  const number = Number(field(of, name));
  return Number.isSafeInteger(number) && number > 0 ? number : 0;
}

function field(of: unknown, name: string): unknown {
  return typeof of === 'object' && of !== null && name in of ? (of as Record<string, unknown>)[name] : undefined;
}
