import { describe, expect, test } from 'vitest';
import { parseResults } from '../../results-record.ts';
import type { CellRecord } from '../../runner/cell.ts';
import { resultsFiles } from '../../runner/write-results.ts';
import { likelihoodReproduction } from '../reproduce.ts';
import type { Arm } from '../study/arms.ts';

const plan = likelihoodReproduction.plan({ isQuick: false, data: null });

/** A cell whose win probability is best at a likelihood of −1, and falls and rises with it. */
function recordOf({ task, arm, seed, settings }: (typeof plan.cells)[number]): CellRecord {
  const { arm: chosen } = settings as unknown as { arm?: Arm };
  const speed = chosen === undefined ? 0 : 1.2 / (1 + chosen.strength) + 0.1 * seed;
  const measurements = Array.from({ length: 17 }, (_, i) => {
    const likelihoodChosen = -0.5 - (speed * i) / 16;
    return {
      step: 9 * i,
      likelihoodChosen,
      likelihoodRejected: 2 * likelihoodChosen,
      validationLoss: 1 / (1 + i),
      accuracy: 0.7,
      margin: i,
      winProbability: 0.6 - (likelihoodChosen + 1) ** 2,
      reward: 4,
      entropy: 1 - Math.abs(i - 6) / 16,
      entropyRenormalized: 1,
      mass: 1 - 0.001 * i * i * (chosen?.method === 'hinge' ? 1 : 0),
      diversity: 0.2 - 0.1 * likelihoodChosen,
      diversityPaper: 3,
      meanLength: 30 + (i % 3),
    };
  });
  const base = {
    heldOutLoss: 0.5,
    meanReward: 4,
    chosenReward: 4.2,
    rejectedReward: 3.8,
    chosenLength: 36,
    rejectedLength: 33,
    labelsRight: 0.8,
  };
  const result =
    chosen === undefined
      ? base
      : {
          measurements,
          samples: [{ step: 0, sentences: ['the owl.'] }],
          prompts: ['calm owl boat:'],
        };
  return {
    ...{ task, arm, seed, settings, result, key: 'k', seconds: 10 },
    finishedAt: '2026-01-01T00:00:00.000Z',
    laurelVersion: '0.1.0',
    fingerprint: { libtorch: '1', threads: 1 },
  };
}

const filesOf = (cells: readonly CellRecord[]) =>
  resultsFiles({ reproduction: likelihoodReproduction, plan, cells, command: 'npx laurel …' });

describe('a report', () => {
  test('of no cells says so', () => {
    const files = filesOf([]);
    const { headline, checks, cells } = parseResults(files.get('results.json')!);
    expect([headline.ours, checks, cells.done]).toEqual([null, [], 0]);
    expect(files.get('results.md')).toContain('Too few cells yet');
  });

  test('of a few cells holds', () => {
    for (const count of [1, 5, 20, 40]) {
      const found = parseResults(
        filesOf(plan.cells.slice(0, count).map(recordOf)).get('results.json')!,
      );
      expect(found.cells.done).toBe(count);
      expect(found.cells.missing).toHaveLength(plan.cells.length - count);
    }
  });

  test('of all cells finds what was put in, with the plots it names', () => {
    const files = filesOf(plan.cells.map(recordOf));
    const { checks, headline, plots } = parseResults(files.get('results.json')!);
    const verdicts = Object.fromEntries(checks.map(({ id, verdict }) => [id, verdict]));
    expect(verdicts).toMatchObject({ bend: 'appears', diversity: 'appears', mass: 'appears' });
    expect(headline.ours).toBeLessThan(-90);
    const drawn = plots.map(({ file }) => file);
    for (const { plots: named } of checks) for (const file of named) expect(drawn).toContain(file);
    for (const file of drawn) expect(files.get(file)).toMatch(/^<svg[\s\S]*<\/svg>\n$/);
    for (const file of drawn) expect(files.get(file)).not.toMatch(/NaN|Infinity|undefined/);
  });
});
