import { describe, expect, it } from 'vitest';

import type { DatasetRow } from '../../../../src/evaluation/dataset/dataset-row.js';
import { chooseRows } from '../../../../src/evaluation/dataset/select-rows.js';
import type { RowSelection } from '../../../../src/evaluation/payload.js';
import { aRow, inOrder } from '../../../support/dataset-builders.js';

const rows = Array.from({ length: 50 }, (_, index) =>
  aRow({ itemKey: `k${index}`, id: `k${index}`, row: index + 1, category: index % 2 === 0 ? 'even' : 'odd', tags: index < 10 ? ['first', 'low'] : [], extra: { Team: index % 5 } }),
);

async function chosen(selection: Partial<RowSelection>, from: readonly DatasetRow[] = rows): Promise<string[]> {
  const chooser = await chooseRows(inOrder(from), { filter: {}, limit: null, sample: null, ...selection });
  const keys = from.filter(chooser.start()).map((row) => row.itemKey);
  expect(chooser.total).toBe(keys.length);
  // A second pass gives the same rows.
  expect(from.filter(chooser.start()).map((row) => row.itemKey)).toEqual(keys);
  return keys;
}

describe('chooseRows', () => {
  it('takes all rows without a selection', async () => {
    expect(await chosen({})).toHaveLength(50);
  });

  it('filters by fields, tags and extra columns, all of which must fit', async () => {
    expect(await chosen({ filter: { category: ['odd'], tags: ['low', 'nothing'] } })).toEqual(['k1', 'k3', 'k5', 'k7', 'k9']);
    expect(await chosen({ filter: { team: ['0'], Category: ['even'] } })).toEqual(['k0', 'k10', 'k20', 'k30', 'k40']);
  });

  it('limits after the filter', async () => {
    expect(await chosen({ filter: { category: ['odd'] }, limit: 3 })).toEqual(['k1', 'k3', 'k5']);
  });

  it('samples the same items for the same seed, in file order, also when rows are moved', async () => {
    const sample = await chosen({ sample: { n: 8, seed: 7 } });
    expect(sample).toHaveLength(8);
    expect(sample).toEqual([...sample].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1))));
    expect((await chosen({ sample: { n: 8, seed: 7 } }, [...rows].reverse())).sort()).toEqual([...sample].sort());
    expect(await chosen({ sample: { n: 8, seed: 8 } })).not.toEqual(sample);
  });

  it('takes everything when the sample is larger than what there is', async () => {
    expect(await chosen({ limit: 5, sample: { n: 8, seed: 7 } })).toEqual(['k0', 'k1', 'k2', 'k3', 'k4']);
  });

  it('refuses a selection that leaves nothing', async () => {
    await expect(chosen({ filter: { category: ['none'] } })).rejects.toMatchObject({ code: 'DATASET_INVALID' });
  });
});
