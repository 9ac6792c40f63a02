import type { SystemFigures } from '../../../src/server/api.ts';
import { formatBytes, formatDuration, formatNumber } from '../format.ts';

/** What the machine does: throughput, where the time of a step goes, memory. Nothing where the run logged none of it. */
export function SystemStrip({ system }: { system: SystemFigures }) {
  const { tokensPerSecond, stepSeconds, phases, residentMemoryBytes, liveTensors } = system;
  const figures = [
    [
      'Tokens a second',
      tokensPerSecond === null ? null : formatNumber(Math.round(tokensPerSecond)),
    ],
    ['Step', stepSeconds === null ? null : formatDuration(stepSeconds)],
    ['Memory', residentMemoryBytes === null ? null : formatBytes(residentMemoryBytes)],
    ['Live tensors', liveTensors === null ? null : formatNumber(liveTensors)],
  ] as const;
  const shown = figures.filter(([, value]) => value !== null);
  if (shown.length === 0 && phases.length === 0) return null;
  return (
    <section class="system-strip" aria-label="System">
      <dl>
        {shown.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {phases.length > 0 && <Phases phases={phases} />}
    </section>
  );
}

function Phases({ phases }: { phases: SystemFigures['phases'] }) {
  const total = phases.reduce((sum, { seconds }) => sum + seconds, 0);
  if (total <= 0) return null;
  return (
    <div class="phases">
      <div class="phase-bar" aria-hidden="true">
        {phases.map(({ name, seconds }, place) => (
          <span
            key={name}
            style={{ flexGrow: seconds / total, background: `var(--curve-${(place % 8) + 1})` }}
          />
        ))}
      </div>
      <ul>
        {phases.map(({ name, seconds }, place) => (
          <li key={name}>
            <i style={{ background: `var(--curve-${(place % 8) + 1})` }} aria-hidden="true" />
            {name.replaceAll('_', ' ')} <b>{formatDuration(seconds)}</b>
          </li>
        ))}
      </ul>
    </div>
  );
}
