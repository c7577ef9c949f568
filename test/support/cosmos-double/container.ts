// The container as the infrastructure creates it.

import { DEFAULT_TTL, indexingPolicy } from '../../../src/drivers/cosmos/container-definition.js';

export const COSMOS_CONTAINER = {
  id: 'jobs',
  partitionPath: '/pk',
  definition: { defaultTtl: DEFAULT_TTL, indexingPolicy: indexingPolicy() },
  rules: {
    compositeIndexes: [
      [
        { path: '/createdAt', descending: true },
        { path: '/pk', descending: true },
      ],
    ],
  },
};
