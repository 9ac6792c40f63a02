import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadDataset } from './index.ts';

const data = fileURLToPath(new URL('../../../shared/data', import.meta.url));
const absent = !existsSync(data);

// Row counts are those of the data's own README.
describe.skipIf(absent)(`real data${absent ? ' (skipped: ../shared/data is absent)' : ''}`, () => {
  const environment = { LAUREL_DATA: data };

  it.each([
    ['openai/gsm8k', 'train', 7473, ['question', 'answer']],
    ['openai/gsm8k', 'test', 1319, ['question', 'answer']],
    ['PolyAI/banking77', 'train', 10003, ['text', 'category']],
    ['banking77', 'test', 3080, ['text', 'category']],
  ])('%s %s has %i rows', async (name, split, count, columns) => {
    const dataset = await loadDataset(name, { split, environment });
    expect(dataset.rows).toHaveLength(count);
    expect(dataset.columns).toEqual(columns);
  });
});
