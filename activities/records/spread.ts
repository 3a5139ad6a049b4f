/** `wanted` (or all, where there are fewer) of the numbers from 0 to `count` - 1: the first, the last, and between them evenly. */
export function spread(count: number, wanted: number): number[] {
  if (count <= wanted) return Array.from({ length: count }, (_none, index) => index);
  if (wanted < 2) return wanted === 1 ? [0] : [];
  const step = (count - 1) / (wanted - 1);
  return Array.from({ length: wanted }, (_none, index) => Math.round(index * step));
}

/** The same over groups that follow each other, of so many members each: which group, and which of its members. */
export function spreadOver(counts: readonly number[], wanted: number): { group: number; member: number }[] {
  const all = counts.reduce((sum, count) => sum + count, 0);
  let group = 0;
  let before = 0;
  return spread(all, wanted).map((place) => {
    for (let own = counts[group] ?? 0; place >= before + own; own = counts[group] ?? 0) {
      before += own;
      group += 1;
    }
    return { group, member: place - before };
  });
}
