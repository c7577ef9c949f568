// Compares a container with what the driver needs of it.

import type { ContainerDefinition } from '@azure/cosmos';

import type { HealthCheck } from '../../ports/diagnostics.js';
import { fail, ok, warn } from '../azure-access/health.js';
import type { CosmosAzLines } from './az-lines.js';
import { INDEXED_PATHS, LIST_ORDER, PARTITION_KEY } from './container-definition.js';

export function checkDefinition(definition: ContainerDefinition, az: CosmosAzLines): readonly HealthCheck[] {
  return [partition(definition, az), index(definition, az), timeToLive(definition, az)];
}

function partition({ partitionKey }: ContainerDefinition, az: CosmosAzLines): HealthCheck {
  const name = 'cosmos db partition key';
  const paths = partitionKey?.paths ?? [];
  if (paths.length === 1 && paths[0] === PARTITION_KEY.path) return ok(name, PARTITION_KEY.path);
  return fail(name, `it is ${paths.join(', ') || 'not set'}, and must be ${PARTITION_KEY.path}; it never changes`, `make another container and name it with COSMOS_DB_CONTAINER: ${az.createContainer}`);
}

function index({ indexingPolicy }: ContainerDefinition, az: CosmosAzLines): HealthCheck {
  const name = 'cosmos db index';
  const composites = indexingPolicy?.compositeIndexes ?? [];
  const hasOrder = composites.some((composite) => composite.length === LIST_ORDER.length && LIST_ORDER.every(({ path, order }, at) => composite[at]?.path === path && (composite[at]?.order ?? 'ascending') === order));
  if (!hasOrder) return fail(name, 'the composite index over createdAt and pk, newest first, is missing: jobs cannot be listed', az.updateContainer);
  const included = (indexingPolicy?.includedPaths ?? []).map(({ path }) => path);
  if (included.includes('/*')) return warn(name, 'every property is indexed, which makes each write dearer than it needs to be', az.updateContainer);
  const absent = INDEXED_PATHS.filter((path) => !included.includes(path));
  if (absent.length > 0) return warn(name, `not indexed, so that queries read every document: ${absent.join(', ')}`, az.updateContainer);
  return ok(name, `${INDEXED_PATHS.length} paths and the order of lists`);
}

function timeToLive({ defaultTtl }: ContainerDefinition, az: CosmosAzLines): HealthCheck {
  const name = 'cosmos db time to live';
  if (defaultTtl === undefined) return warn(name, 'it is off: ended jobs stay until they are pruned, records of workers that are gone for ever', az.updateContainer);
  if (defaultTtl !== -1) return fail(name, `documents are deleted after ${defaultTtl} seconds, jobs among them`, az.updateContainer);
  return ok(name, 'on, and without an end unless a document says so');
}
