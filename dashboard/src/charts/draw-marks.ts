import type uPlot from 'uplot';
import { token } from '../theme.ts';
import type { Mark } from './curve.ts';

const colours = { alarm: 'failed', warning: 'interrupted', start: 'ink-faint' } as const;

/** Draws marks as dashed lines with a sign at the top: a diamond for alarms, a triangle for warnings, a bar for starts. */
export function drawMarks(chart: uPlot, marks: readonly Mark[]): void {
  const { ctx, bbox } = chart;
  const { min = 0, max = 0 } = chart.scales['x'] ?? {};
  ctx.save();
  for (const { x, kind } of marks) {
    if (min === null || max === null || x < min! || x > max!) continue;
    const at = Math.round(chart.valToPos(x, 'x', true));
    ctx.strokeStyle = token(colours[kind]);
    ctx.fillStyle = ctx.strokeStyle;
    ctx.lineWidth = devicePixelRatio;
    ctx.globalAlpha = 0.55;
    ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(at, bbox.top);
    ctx.lineTo(at, bbox.top + bbox.height);
    ctx.stroke();
    ctx.globalAlpha = 1;
    ctx.fill(sign(kind, at, bbox.top));
  }
  ctx.restore();
}

function sign(kind: Mark['kind'], x: number, y: number): Path2D {
  const size = 4 * devicePixelRatio;
  const path = new Path2D();
  if (kind === 'start') {
    path.rect(x - size, y - size / 2, 2 * size, size / 2);
    return path;
  }
  path.moveTo(x, y - size);
  path.lineTo(x + size, kind === 'alarm' ? y : y + size * 0.7);
  if (kind === 'alarm') path.lineTo(x, y + size);
  path.lineTo(x - size, kind === 'alarm' ? y : y + size * 0.7);
  path.closePath();
  return path;
}
