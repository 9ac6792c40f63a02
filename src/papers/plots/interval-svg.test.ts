import fc from 'fast-check';
import { expect, test } from 'vitest';
import { renderIntervalSvg } from './interval-svg.ts';

/** Where the texts below the axis stand, and how long they are. */
function labelsOf(svg: string) {
  const texts = [...svg.matchAll(/<text x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</g)];
  const axis = texts.filter(([, , , label]) => /^[−-]?[\d.]+(e[−-]?\d+)?$/.test(label!));
  return axis.map(([, x, , label]) => ({ x: Number(x), length: label!.length }));
}

test('texts below the axis stand apart, whatever the range and however long the names', () => {
  const end = fc.integer({ min: 1, max: 9999 });
  fc.assert(
    fc.property(
      end,
      fc.integer({ min: -6, max: 3 }),
      fc.nat({ max: 60 }),
      (digits, power, long) => {
        const most = digits * 10 ** power;
        const name = 'n'.repeat(long);
        const row = { name, value: 0, low: -most, high: most, colour: '#000000' };
        const range = [-most, most] as const;
        const labels = labelsOf(
          renderIntervalSvg({ title: 't', xLabel: 'x', rows: [row], xRange: range }),
        );
        expect(labels.length).toBeGreaterThan(0);
        for (const [place, { x, length }] of labels.entries()) {
          const next = labels[place + 1];
          // A digit of this size is 7 pixels wide.
          if (next) expect(next.x - x).toBeGreaterThanOrEqual(3.5 * (length + next.length));
        }
      },
    ),
  );
});
