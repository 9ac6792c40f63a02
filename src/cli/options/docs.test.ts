import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { listFields } from '../../config/index.ts';
import { fixedMetrics } from '../../metrics/index.ts';
import { dpoConfig, grpoConfig, rewardConfig, sftConfig } from '../../trainers/config/index.ts';
import { renderTrainerPage } from './index.ts';

describe.each([sftConfig, dpoConfig, rewardConfig, grpoConfig])(
  'docs/trainers/$name.md',
  (schema) => {
    const file = new URL(`../../../docs/trainers/${schema.name}.md`, import.meta.url);
    const page = readFileSync(file, 'utf8');

    it('is what `npm run docs` writes from the schema and the metric table', () => {
      expect(page).toBe(renderTrainerPage(schema));
    });
    it('names every option and every metric of the trainer, and no other metric', () => {
      const named = (names: readonly string[]) =>
        names.filter((name) => page.includes(`| \`${name}\` |`));
      const options = listFields(schema).map(({ name }) => name);
      const metrics = Object.entries(fixedMetrics)
        .filter(([, { trainers }]) => (trainers as readonly string[]).includes(schema.name))
        .map(([key]) => key);
      expect(named(options)).toEqual(options);
      expect(named(Object.keys(fixedMetrics))).toEqual(metrics);
    });
  },
);
