/**
 * The number of single-character edits, swaps of neighbours included, that turn one name into another.
 * Damerau 1964; the restricted (optimal string alignment) form.
 */
export function editDistance(left: string, right: string): number {
  const rows: number[][] = [Array.from({ length: right.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= left.length; row++) {
    const line = [row];
    for (let column = 1; column <= right.length; column++) {
      const above = rows[row - 1]!;
      const same = left[row - 1] === right[column - 1] ? 0 : 1;
      let best = Math.min(above[column]! + 1, line[column - 1]! + 1, above[column - 1]! + same);
      const swapped =
        row > 1 &&
        column > 1 &&
        left[row - 1] === right[column - 2] &&
        left[row - 2] === right[column - 1];
      if (swapped) best = Math.min(best, rows[row - 2]![column - 2]! + 1);
      line.push(best);
    }
    rows.push(line);
  }
  return rows[left.length]![right.length]!;
}

/**
 * The known name closest to a mistyped one, case and separators ignored.
 * @returns undefined when nothing is within a third of the name's length (at least 2 edits).
 */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/[-_.\s]/g, '');
  const wanted = plain(name);
  let best: { name: string; distance: number } | undefined;
  for (const candidate of known) {
    const distance = editDistance(wanted, plain(candidate));
    if (best === undefined || distance < best.distance) best = { name: candidate, distance };
  }
  const limit = Math.max(2, Math.floor(wanted.length / 3));
  return best !== undefined && best.distance <= limit ? best.name : undefined;
}
