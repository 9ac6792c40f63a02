import { type ColourMode, scales } from './token-colour.ts';

/** What the colours and signs of the tokens mean. */
export function TokenLegend({ mode }: { mode: Exclude<ColourMode, 'none'> }) {
  const scale = mode === 'trained' ? undefined : scales[mode];
  return (
    <section class="token-legend" aria-label="Legend">
      {scale && (
        <p>
          {scale.from}
          <span class="legend-ramp" data-diverging={scale.isDiverging} aria-hidden="true" />
          {scale.to}
        </p>
      )}
      <p>
        <span class="token" data-trained="no">
          struck
        </span>{' '}
        left out by a filter or mask, so not trained on
      </p>
    </section>
  );
}
