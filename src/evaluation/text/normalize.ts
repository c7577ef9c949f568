// The normalisations a text evaluator can be asked for.

import * as z from 'zod/mini';

import { squadNormalize } from './squad-normalize.js';

export const NORMALIZATIONS = ['none', 'trim', 'lower', 'squad'] as const;
export type Normalization = (typeof NORMALIZATIONS)[number];

export const normalizeOption = z._default(z.enum(NORMALIZATIONS), 'none');

/** `trim` drops outer white space, `lower` trims and lower-cases, `squad` is the SQuAD 2.0 script's normalisation. */
export function normalize(text: string, how: Normalization): string {
  switch (how) {
    case 'none':
      return text;
    case 'trim':
      return text.trim();
    case 'lower':
      return text.trim().toLowerCase();
    case 'squad':
      return squadNormalize(text);
  }
}
