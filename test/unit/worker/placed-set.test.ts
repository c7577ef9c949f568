// A set whose items know their places: it holds what a Set would hold.

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { PlacedSet } from '../../../src/worker/placed-set.js';

interface Item {
  place: number;
}

const command = fc.record({ add: fc.boolean(), index: fc.nat(9) });

test('holds what a Set would hold, whatever is added, deleted and added again', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const items: Item[] = Array.from({ length: 10 }, () => ({ place: -1 }));
      const placed = new PlacedSet<Item>(
        ({ place }) => place,
        (item, place) => (item.place = place),
      );
      const expected = new Set<Item>();
      for (const { add, index } of commands) {
        const item = items[index] ?? { place: -1 };
        if (add) placed.add(item);
        else placed.delete(item);
        if (add) expected.add(item);
        else expected.delete(item);
        expect(new Set(placed)).toEqual(expected);
        expect(placed.size).toBe(expected.size);
      }
      placed.clear();
      expect([placed.size, items.every(({ place }) => place === -1)]).toEqual([0, true]);
    }),
  );
});
