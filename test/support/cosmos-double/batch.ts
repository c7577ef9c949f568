// A transactional batch: all operations of one partition, or none. The answer is 207 with each operation's own status, and
// 424 for those that failed only because another one did; the SDK throws for neither.

import { type Documents, Refusal, type StoredDocument } from './documents.js';
import { patched } from './patch.js';
import type { Document } from './sql-evaluate.js';

interface BatchOperation {
  readonly operationType: 'Create' | 'Upsert' | 'Read' | 'Replace' | 'Delete' | 'Patch';
  readonly id?: string;
  readonly resourceBody?: Document;
  readonly ifMatch?: string;
}

export interface BatchItem {
  readonly statusCode: number;
  readonly requestCharge: number;
  readonly eTag?: string;
  readonly resourceBody?: unknown;
}

const MAX_OPERATIONS = 100;
const MAX_BYTES = 2 * 1024 * 1024;

export function runBatch(documents: Documents, partition: string, body: unknown): { status: number; items: BatchItem[] } {
  const operations = body as readonly BatchOperation[];
  if (operations.length > MAX_OPERATIONS) throw new Refusal(400, `a batch takes at most ${MAX_OPERATIONS} operations`);
  if (Buffer.byteLength(JSON.stringify(body)) > MAX_BYTES) throw new Refusal(413, 'Request size is too large');
  const items: BatchItem[] = [];
  try {
    documents.atomically(partition, () => {
      for (const operation of operations) items.push(runOne(documents, partition, operation));
    });
    return { status: 200, items };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const failed = items.length;
    return { status: 207, items: operations.map((_, index) => ({ statusCode: index === failed ? error.status : 424, requestCharge: 1 })) };
  }
}

function runOne(documents: Documents, partition: string, operation: BatchOperation): BatchItem {
  const { operationType, id = '', resourceBody = {}, ifMatch } = operation;
  switch (operationType) {
    case 'Create':
      return itemOf(201, documents.create(partition, resourceBody));
    case 'Upsert': {
      const { stored, created } = documents.upsert(partition, resourceBody, ifMatch);
      return itemOf(created ? 201 : 200, stored);
    }
    case 'Read':
      return itemOf(200, documents.require(partition, id, ifMatch));
    case 'Replace':
      return itemOf(200, documents.replace(partition, id, resourceBody, ifMatch));
    case 'Patch':
      return itemOf(200, documents.replace(partition, id, patched(documents.require(partition, id, ifMatch).body, resourceBody), ifMatch));
    case 'Delete':
      documents.delete(partition, id, ifMatch);
      return { statusCode: 204, requestCharge: 5 };
  }
}

function itemOf(statusCode: number, { body, etag }: StoredDocument): BatchItem {
  return { statusCode, requestCharge: 5, eTag: etag, resourceBody: body };
}
