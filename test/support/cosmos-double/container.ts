// The container as the infrastructure creates it.

export const COSMOS_CONTAINER = {
  id: 'jobs',
  partitionPath: '/pk',
  rules: {
    compositeIndexes: [
      [
        { path: '/createdAt', descending: true },
        { path: '/pk', descending: true },
      ],
    ],
  },
};
