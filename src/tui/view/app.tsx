// The React tree: one row of the screen per component. A row is drawn anew when its text is another one, and its key is its
// place on the screen, so that scrolling changes texts and never the tree.

import { Box, Text, Transform } from 'ink';
import { memo, type ReactElement } from 'react';

/** A whole screen. */
export interface Painted {
  readonly columns: number;
  /** Painted rows, each `columns` cells wide at most. */
  readonly rows: readonly string[];
}

export function App({ columns, rows }: Painted): ReactElement {
  const blank = ' '.repeat(columns);
  return (
    <Box flexDirection="column" width={columns} height={rows.length}>
      {rows.map((row, index) => (
        <Row key={index} text={row} blank={blank} />
      ))}
    </Box>
  );
}

/**
 * Ink measures every text it has not seen and never forgets one: rows whose text is always new would fill the memory. So
 * it measures a blank row, always the same, and the text takes its place after that.
 */
const Row = memo(function Row({ text, blank }: { readonly text: string; readonly blank: string }): ReactElement {
  return (
    <Transform transform={() => text}>
      <Text>{blank}</Text>
    </Transform>
  );
});
