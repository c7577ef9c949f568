// Physical partitions: which one a partition key lies in is nobody's business but the service's.

export function partitionKeyRanges(count: number): { id: string; minInclusive: string; maxExclusive: string }[] {
  const bound = (index: number): string => (index === 0 ? '' : index === count ? 'FF' : Math.floor((index * 255) / count).toString(16).padStart(2, '0').toUpperCase());
  return Array.from({ length: count }, (_, index) => ({ id: String(index), minInclusive: bound(index), maxExclusive: bound(index + 1) }));
}

export function rangeOf(partition: string, count: number): number {
  let sum = 0;
  for (const unit of partition) sum += unit.charCodeAt(0);
  return sum % count;
}
