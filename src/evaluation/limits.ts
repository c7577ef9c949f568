// The bounds of the evaluation workload. Sizes are bytes of UTF-8; a MB is 1024 * 1024 bytes.

const KB = 1024;
const MB = 1024 * KB;

export const EVALUATION_LIMITS = {
  datasetRows: 100_000,
  datasetBytes: 256 * MB,
  /** A JSON file must be read whole before its first row can be used; the other formats stream. */
  jsonFileBytes: 32 * MB,
  rowBytes: MB,
  inputBytes: 200 * KB,
  /** A longer answer is cut here and flagged with its full length and hash. */
  answerBytes: 256 * KB,
  columns: 500,
  /** Nesting of arrays and objects in one row. */
  jsonDepth: 100,
  inlineRows: 1_000,
  evaluators: 32,
  gates: 32,
  patternBytes: KB,
  patternTimeoutMs: 250,
  /** Product of the two lengths in code points: about 0.1 s of work. */
  levenshteinCells: 400_000_000,
  /** Categories kept apart in a summary; the smallest ones beyond it are counted together. */
  categories: 100,
  markdownBytes: 60 * KB,
} as const;
