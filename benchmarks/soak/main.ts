/**
 * Trains for long and breaks in on the way.
 *   npm run soak                               2,000 steps; resident memory and live tensors must stay flat
 *   npm run soak -- --steps 500                fewer
 *   npm run soak -- --kills 30                 SIGKILL at 30 random moments, each resumed; every file must come out the same
 * `--folder` says where the runs are kept (runs/soak); the first form goes on where it was stopped, `--fresh` starts anew.
 */
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { soakResults } from './results.ts';

const { values } = parseArgs({
  options: {
    steps: { type: 'string' },
    kills: { type: 'string' },
    seed: { type: 'string', default: '0' },
    folder: { type: 'string', default: 'runs/soak' },
    results: { type: 'string', default: soakResults },
    fresh: { type: 'boolean', default: false },
  },
});

async function soak(): Promise<boolean> {
  if (values.kills !== undefined) {
    const { soakKills } = await import('./kills.ts');
    const [kills, seed, maxSteps] = [values.kills, values.seed, values.steps ?? 120].map(Number);
    const { results } = values;
    return soakKills(`${values.folder}-kills`, {
      kills: kills!,
      seed: seed!,
      maxSteps: maxSteps!,
      results,
    });
  }
  if (values.fresh) rmSync(values.folder, { recursive: true, force: true });
  const { soakMemory } = await import('./memory.ts');
  return soakMemory(values.folder, Number(values.steps ?? 2000), values.results);
}

if (!(await soak())) process.exitCode = 1;
