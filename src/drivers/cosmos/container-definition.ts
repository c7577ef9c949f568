// The container as the driver needs it: infra/modules/database.bicep, `azure commands` and `doctor` go by it.

/** Version 2 of the hash takes keys of up to 2 KB. */
export const PARTITION_KEY = { path: '/pk', version: 2 } as const;

/** Documents live until they say otherwise: those of ended jobs and of workers do. */
export const DEFAULT_TTL = -1;

/** What the driver's queries ask for or order by; nothing else is indexed, since every path costs with every write. */
export const INDEXED_PATHS: readonly string[] = [
  '/pk/?',
  '/kind/?',
  '/createdAt/?',
  '/reversedId/?',
  '/lookAt/?',
  '/delayedUntil/?',
  '/blobKeys/[]/?',
  '/state/status/?',
  '/state/type/?',
  '/state/queue/?',
  '/state/userId/?',
  '/state/updatedAt/?',
  '/state/parentJobId/?',
  '/state/awaitsChildren/?',
  '/state/cancelRequestedAt/?',
  '/state/labels/*',
  '/outbox/sequence/?',
  '/outbox/queue/?',
  '/outbox/holder/?',
  '/outbox/freeAt/?',
  '/outbox/savedAt/?',
  '/outbox/problem/?',
  '/number/?',
  '/minute/?',
  '/key/?',
  '/firstLine/?',
  '/lastLine/?',
];

/** Lists are ordered by both, newest first: without it the service refuses them. */
export const LIST_ORDER = [
  { path: '/createdAt', order: 'descending' },
  { path: '/pk', order: 'descending' },
] as const;

/** As the service takes and gives it. */
export function indexingPolicy(): object {
  return {
    indexingMode: 'consistent',
    automatic: true,
    includedPaths: INDEXED_PATHS.map((path) => ({ path })),
    excludedPaths: [{ path: '/*' }],
    compositeIndexes: [LIST_ORDER],
  };
}
