// One record of a file before its columns are understood; all formats are read into this.

import type { Json } from '../../domain/json.js';

export interface RawRecord {
  /** 1 for the first record of data. */
  readonly row: number;
  /** Physical line of its first character; null where the format has none. */
  readonly line: number | null;
  readonly names: readonly string[];
  readonly values: readonly Json[];
  /** Delimited text cannot tell an empty value from none: an empty cell is none, except in the answer's column. */
  readonly cells: boolean;
}
