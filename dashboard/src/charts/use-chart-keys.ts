import type uPlot from 'uplot';
import type { ChartState } from './chart-options.ts';
import type { Range } from './curve.ts';

/**
 * Keys of a chart that has the focus: arrows read the point before or after, with Shift they move the part shown;
 * + and − zoom, 0 shows all.
 */
export function useChartKeys(
  chart: { readonly current: uPlot | undefined },
  state: ChartState,
  extent: Range | undefined,
): (event: KeyboardEvent) => void {
  return (event) => {
    const plot = chart.current;
    if (plot === undefined || extent === undefined || event.ctrlKey || event.metaKey) return;
    const direction = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const shown = state.range ?? extent;
    if (direction !== undefined && !event.shiftKey) moveCursor(plot, direction);
    else if (direction !== undefined) state.onZoom?.(moved(shown, direction * 0.25, extent));
    else if (event.key === '+' || event.key === '=') state.onZoom?.(scaled(shown, 0.5));
    else if (event.key === '-' || event.key === '−') state.onZoom?.(widened(shown, extent));
    else if (event.key === '0') state.onZoom?.(undefined);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
}

function moveCursor(plot: uPlot, direction: number): void {
  const xs = plot.data[0];
  if (xs === undefined || xs.length === 0) return;
  const from = plot.cursor.idx ?? (direction > 0 ? -1 : xs.length);
  const index = Math.min(Math.max(from + direction, 0), xs.length - 1);
  plot.setCursor({ left: plot.valToPos(xs[index]!, 'x'), top: 0 });
}

function scaled([from, to]: Range, factor: number): Range {
  const [middle, half] = [(from + to) / 2, ((to - from) / 2) * factor];
  return [middle - half, middle + half];
}

/** Twice as much; undefined, which is all, where that is no less than all. */
export function widened(shown: Range, extent: Range): Range | undefined {
  const [from, to] = scaled(shown, 2);
  return from <= extent[0] && to >= extent[1] ? undefined : [from, to];
}

/** Moved by a share of itself, not past the ends. */
export function moved([from, to]: Range, share: number, [first, last]: Range): Range {
  const size = to - from;
  const start = Math.min(Math.max(from + share * size, first), Math.max(first, last - size));
  return [start, start + size];
}
