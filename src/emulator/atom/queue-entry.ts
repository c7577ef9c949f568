// A queue's description as ATOM writes it. The service's own field order: clients of some languages read in that order.

import { ISO_NEVER, printIsoDuration } from '../../domain/iso-duration.js';
import type { QueueDescription, QueueRuntime } from '../queue-catalog.js';
import { escapeXml } from './xml-text.js';

const ATOM = 'http://www.w3.org/2005/Atom';
const SERVICE_BUS = 'http://schemas.microsoft.com/netservices/2010/10/servicebus/connect';
const COUNTS = 'http://schemas.microsoft.com/netservices/2011/06/servicebus';
const API_VERSION = '2021-05';

/** Where clients reached us: `host[:port]`, for the absolute addresses that entries must have. */
export interface Site {
  readonly host: string;
}

export interface QueuePage {
  readonly queues: readonly { readonly queue: QueueDescription; readonly runtime: QueueRuntime }[];
  readonly skip: number;
  readonly top: number;
  readonly more: boolean;
  readonly at: number;
}

export function queueEntry(queue: QueueDescription, runtime: QueueRuntime, site: Site): string {
  return entry({
    // Clients take the queue's name from the path of this address.
    id: addressOf(site, queue.name),
    title: queue.name,
    publishedAt: queue.createdAt,
    updatedAt: queue.updatedAt,
    content: `<QueueDescription xmlns="${SERVICE_BUS}" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">${fieldsOf(queue, runtime)}</QueueDescription>`,
  });
}

export function queueFeed({ queues, skip, top, more, at }: QueuePage, site: Site): string {
  const self = addressOf(site, '$Resources/Queues', { $skip: skip, $top: top });
  const next = more ? `<link rel="next" href="${escapeXml(addressOf(site, '$Resources/Queues', { $skip: skip + top, $top: top }))}"/>` : '';
  return [
    `<feed xmlns="${ATOM}"><title type="text">Queues</title><id>${escapeXml(self)}</id><updated>${iso(at)}</updated>`,
    // Before `next`, always: the JavaScript client finds a link only among several.
    `<link rel="self" href="${escapeXml(self)}"/>${next}`,
    ...queues.map(({ queue, runtime }) => queueEntry(queue, runtime, site)),
    '</feed>',
  ].join('');
}

export function namespaceEntry({ name, createdAt }: { name: string; createdAt: number }, site: Site): string {
  const fields = [
    field('Alias', ''),
    field('CreatedTime', iso(createdAt)),
    field('MessagingSKU', 'Standard'),
    field('ModifiedTime', iso(createdAt)),
    field('Name', name),
    field('NamespaceType', 'Messaging'),
  ];
  return entry({
    id: addressOf(site, '$namespaceinfo'),
    title: name,
    publishedAt: createdAt,
    updatedAt: createdAt,
    content: `<NamespaceInfo xmlns="${SERVICE_BUS}" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">${fields.join('')}</NamespaceInfo>`,
  });
}

function fieldsOf(queue: QueueDescription, runtime: QueueRuntime): string {
  const { active, deadLetter, scheduled, transfer } = runtime;
  return [
    field('LockDuration', printIsoDuration(queue.lockMs)),
    field('MaxSizeInMegabytes', queue.maxSizeMb),
    field('RequiresDuplicateDetection', queue.requiresDuplicateDetection),
    field('RequiresSession', false),
    field('DefaultMessageTimeToLive', printIsoDuration(queue.ttlMs)),
    field('DeadLetteringOnMessageExpiration', queue.deadLetterOnExpiration),
    field('DuplicateDetectionHistoryTimeWindow', printIsoDuration(queue.duplicateWindowMs)),
    field('MaxDeliveryCount', queue.maxDeliveryCount),
    field('EnableBatchedOperations', true),
    field('SizeInBytes', runtime.sizeInBytes),
    field('MessageCount', active + deadLetter + scheduled + transfer),
    field('IsAnonymousAccessible', false),
    '<AuthorizationRules></AuthorizationRules>',
    field('Status', queue.status),
    queue.userMetadata === '' ? '' : field('UserMetadata', queue.userMetadata),
    field('CreatedAt', iso(queue.createdAt)),
    field('UpdatedAt', iso(queue.updatedAt)),
    field('AccessedAt', iso(queue.accessedAt)),
    field('SupportOrdering', true),
    countDetails({ Active: active, DeadLetter: deadLetter, Scheduled: scheduled, Transfer: transfer, TransferDeadLetter: 0 }),
    field('AutoDeleteOnIdle', ISO_NEVER),
    field('EnablePartitioning', false),
    field('EntityAvailabilityStatus', 'Available'),
    field('EnableExpress', false),
    field('MaxMessageSizeInKilobytes', queue.maxMessageBytes / 1024),
  ].join('');
}

/** The prefix must be declared on this very element: the JavaScript client looks for it there. */
function countDetails(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([name, count]) => `<d2p1:${name}MessageCount>${count}</d2p1:${name}MessageCount>`);
  return `<CountDetails xmlns:d2p1="${COUNTS}">${parts.join('')}</CountDetails>`;
}

interface Entry {
  readonly id: string;
  readonly title: string;
  readonly publishedAt: number;
  readonly updatedAt: number;
  readonly content: string;
}

function entry({ id, title, publishedAt, updatedAt, content }: Entry): string {
  return [
    `<entry xmlns="${ATOM}"><id>${escapeXml(id)}</id><title type="text">${escapeXml(title)}</title>`,
    `<published>${iso(publishedAt)}</published><updated>${iso(updatedAt)}</updated><author><name>emulator</name></author>`,
    `<link rel="self" href="${escapeXml(id)}"/><content type="application/xml">${content}</content></entry>`,
  ].join('');
}

function field(name: string, value: string | number | boolean): string {
  return `<${name}>${escapeXml(String(value))}</${name}>`;
}

function addressOf({ host }: Site, path: string, query: Readonly<Record<string, number>> = {}): string {
  const rest = Object.entries(query).map(([name, value]) => `&${name}=${value}`);
  return `https://${host}/${path}?api-version=${API_VERSION}${rest.join('')}`;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
