import { describe, expect, it } from 'vitest';
import { renderCurveSvg } from './index.ts';

const axes = { title: 'Accuracy', xLabel: 'step', yLabel: 'share' };

describe('renderCurveSvg', () => {
  it('places points on the scale of the axes', () => {
    const svg = renderCurveSvg({
      ...axes,
      yRange: [0, 1],
      series: [
        {
          name: 'a',
          points: [
            [0, 0],
            [50, 1],
            [100, 0.5],
          ],
        },
      ],
    });
    // x from 72 to 732, y from 382 (0) up to 92 (1).
    expect(svg).toContain('d="M72,382L402,92L732,237"');
  });
  it('labels a percent axis and names title, axes and series', () => {
    const svg = renderCurveSvg({
      ...axes,
      yFormat: 'percent',
      yRange: [0, 1],
      series: [
        {
          name: 'reward',
          points: [
            [0, 0],
            [1, 1],
          ],
        },
      ],
    });
    for (const label of ['Accuracy', 'step', 'share', 'reward', '0%', '100%'])
      expect(svg).toContain(`>${label}</text>`);
  });
  it('escapes what a user names', () => {
    const svg = renderCurveSvg({
      ...axes,
      title: 'a < b & "c"',
      series: [{ name: '<script>', points: [] }],
    });
    expect(svg).toContain('a &lt; b &amp; &quot;c&quot;');
    expect(svg).not.toContain('<script>');
  });
  it('leaves out points that are not finite and draws what is left, be it one point or none', () => {
    const svg = renderCurveSvg({
      ...axes,
      series: [
        {
          name: 'a',
          points: [
            [0, Number.NaN],
            [1, 2],
          ],
        },
        { name: 'b', points: [] },
      ],
    });
    expect(svg).toContain('<circle');
    expect(svg).not.toContain('NaN');
  });
  it('smooths without lag: the average of a straight line is the line', () => {
    const points = Array.from({ length: 100 }, (_, x) => [x, x] as const);
    const plain = renderCurveSvg({ ...axes, series: [{ name: 'a', points }] });
    const smooth = renderCurveSvg({
      ...axes,
      series: [{ name: 'a', points, smoothing: 'average' }],
    });
    const pathOf = (svg: string) => [...svg.matchAll(/ d="([^"]+)"/g)].at(-1)?.[1];
    expect(pathOf(smooth)).toBe(pathOf(plain));
  });
});
