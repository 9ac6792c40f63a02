import type { SystemFigures } from '../api.ts';

const phasePrefix = 'time/';

/** What the last metrics say of the machine's work. */
export function systemFigures(latest: Readonly<Record<string, number | null>>): SystemFigures {
  const value = (key: string): number | null => latest[key] ?? null;
  return {
    tokensPerSecond: value('tokens_per_second'),
    stepSeconds: value('step_time'),
    phases: Object.entries(latest).flatMap(([key, seconds]) =>
      key.startsWith(phasePrefix) && seconds !== null
        ? [{ name: key.slice(phasePrefix.length), seconds }]
        : [],
    ),
    residentMemoryBytes: value('engine/resident_memory'),
    liveTensors: value('engine/live_tensors'),
  };
}
