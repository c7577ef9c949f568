// The target `recorded`: answers that somebody collected before and stored in the dataset.

import type { Target } from './target.js';

export const recordedTarget: Target = {
  answer: (row) =>
    row.answer === null
      ? { answer: null, reason: 'the row has no recorded answer' }
      : { answer: row.answer, reason: null },
};
