import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { metricDefinition } from '../../metrics/index.ts';
import { renderCurveSvg } from '../../runs/index.ts';
import type { Curve } from '../digest-content.ts';

/** Twice the width at which mails show it. */
const WIDTH = 1120;
/** More points than this lie too close together to follow. */
const FEW_POINTS = 60;

const fontFolder = join(
  dirname(createRequire(import.meta.url).resolve('dejavu-fonts-ttf/package.json')),
  'ttf',
);

/** A run's curve as a PNG, since mail programs show no SVG. Its font comes from a package: servers often have none. */
export function renderPlot({ key, points }: Curve, runName: string): Promise<Buffer> {
  const unit = metricDefinition(key)?.unit ?? '';
  const svg = renderCurveSvg({
    title: key,
    series: [
      {
        name: shorten(runName),
        points,
        smoothing: points.length > FEW_POINTS ? 'average' : 'none',
      },
    ],
    xLabel: 'step',
    yLabel: ['', '1', key].includes(unit) ? key : `${key}, ${unit}`,
    size: { width: 540, height: 340 },
  });
  return rasterize(svg);
}

/** What fits beside a piece of its line. */
const shorten = (name: string): string => (name.length > 56 ? `${name.slice(0, 55)}…` : name);

/** Draws an SVG at a mail's width. The renderer is loaded with the first one: servers that send no plots need none. */
export async function rasterize(svg: string): Promise<Buffer> {
  const { Resvg } = await import('@resvg/resvg-js');
  const image = new Resvg(svg, {
    fitTo: { mode: 'width', value: WIDTH },
    font: {
      loadSystemFonts: false,
      fontFiles: ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((name) => join(fontFolder, name)),
      defaultFontFamily: 'DejaVu Sans',
      sansSerifFamily: 'DejaVu Sans',
    },
  });
  return image.render().asPng();
}
