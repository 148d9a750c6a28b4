/** A line of two texts side by side. Null: the other text has a line here that this one lacks. */
export interface LinePair {
  before: string | null;
  after: string | null;
}

/** With more pairs of lines, the whole middle counts as changed, because a comparison would block the page. */
const MOST_PAIRS = 1_000_000;

/** Lays two texts side by side, equal lines next to each other. Pure. */
export function linePairs(before: string, after: string): LinePair[] {
  const [left, right] = [before.split("\n"), after.split("\n")];
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start++;
  let end = 0;
  const most = Math.min(left.length, right.length) - start;
  while (end < most && left[left.length - 1 - end] === right[right.length - 1 - end]) end++;
  const same = (line: string): LinePair => ({ before: line, after: line });
  return [
    ...left.slice(0, start).map(same),
    ...middle(left.slice(start, left.length - end), right.slice(start, right.length - end)),
    ...left.slice(left.length - end).map(same),
  ];
}

/** The part between the equal ends, by the longest common subsequence. */
function middle(left: readonly string[], right: readonly string[]): LinePair[] {
  if (left.length * right.length > MOST_PAIRS) return beside(left, right);
  const lengths = Array.from({ length: left.length + 1 }, () => new Uint32Array(right.length + 1));
  const at = (row: number, column: number) => lengths[row]?.[column] ?? 0;
  for (let row = left.length - 1; row >= 0; row--) {
    const line = lengths[row] as Uint32Array;
    for (let column = right.length - 1; column >= 0; column--) {
      line[column] =
        left[row] === right[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const pairs: LinePair[] = [];
  let [row, column, fromRow, fromColumn] = [0, 0, 0, 0];
  const flush = () => pairs.push(...beside(left.slice(fromRow, row), right.slice(fromColumn, column)));
  while (row < left.length && column < right.length) {
    const line = left[row];
    if (line !== undefined && line === right[column]) {
      flush();
      pairs.push({ before: line, after: line });
      row++;
      column++;
      [fromRow, fromColumn] = [row, column];
    } else if (at(row + 1, column) >= at(row, column + 1)) row++;
    else column++;
  }
  [row, column] = [left.length, right.length];
  flush();
  return pairs;
}

/** Different lines next to each other, in their order. */
function beside(left: readonly string[], right: readonly string[]): LinePair[] {
  return Array.from({ length: Math.max(left.length, right.length) }, (_, index) => ({
    before: left[index] ?? null,
    after: right[index] ?? null,
  }));
}
