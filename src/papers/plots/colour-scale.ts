// Five stops of viridis, which reads the same with any colour vision and in grey.
const stops = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
] as const;

/** A colour for a share from 0, dark, to 1, bright. */
export function sequentialColour(share: number): string {
  const at = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
  const index = Math.min(Math.floor(at), stops.length - 2);
  const [from, to] = [stops[index]!, stops[index + 1]!];
  const channels = from.map((channel, i) =>
    Math.round(channel + (at - index) * (to[i]! - channel)),
  );
  return `rgb(${channels.join(',')})`;
}
