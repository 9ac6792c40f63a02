import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { letters, temporaryFolder, tinyPolicy } from '../../test/support/tiny-policy.ts';
import { packed } from '../batches/index.ts';
import { CheckpointError, ConfigError } from '../errors.ts';
import { parameters, parseModelConfig } from '../models/index.ts';
import { Policy, RewardModel } from './index.ts';

interface Golden {
  texts: number[][];
  cases: { family: string; pad: number; scores: number[] }[];
}
const golden = fileURLToPath(new URL('../../test/golden/reward', import.meta.url));
const { texts, cases } = JSON.parse(readFileSync(join(golden, 'scores.json'), 'utf8')) as Golden;
const root = temporaryFolder();

const load = (folder: string, pad: number): RewardModel => {
  const { model } = RewardModel.load(folder, { tokenizer: letters });
  return new RewardModel({ ...model, config: { ...model.config, padTokenId: pad } }, letters);
};

const tolerance = { rtol: 0, atol: 1e-4 };

describe.each(cases)('$family with padding $pad', ({ family, pad, scores }) => {
  const loaded = load(join(golden, family), pad);

  test('scores texts as transformers does, at their last token that is not padding', () => {
    expect(loaded.score(texts)).toBeAllClose(scores, tolerance);
  });
  test('a score does not depend on the batch, nor on sharing a row', () => {
    const shared = { rtol: 0, atol: 1e-5 };
    expect(loaded.score(texts, { batchSize: 1 })).toBeAllClose(scores, tolerance);
    const packedScores = loaded.score(texts, { batchSize: 5, layout: packed() });
    expect(packedScores).toBeAllClose(loaded.score(texts), shared);
  });
  test('saved and loaded, scores are the same numbers', () => {
    const folder = join(root, `${family}-${pad}`);
    loaded.save(folder);
    expect(RewardModel.load(folder).score(texts)).toEqual(loaded.score(texts));
  });
});

const python = process.env['LAUREL_PYTHON'];

test.skipIf(python === undefined)(
  'transformers loads what Laurel saves (set LAUREL_PYTHON to a python with transformers)',
  { timeout: 300_000 },
  () => {
    const fresh = RewardModel.from(tinyPolicy({ tieWordEmbeddings: true }), { seed: 3 });
    const models = [...cases.map(({ family, pad }) => load(join(golden, family), pad)), fresh];
    const folders = models.map((each, i) => {
      const folder = join(root, `python-${i}`);
      each.save(folder);
      const check = { texts, scores: each.score(texts) };
      writeFileSync(join(folder, 'check.json'), JSON.stringify(check));
      return folder;
    });
    const printed = execFileSync(python!, [join(golden, 'check_saved.py'), ...folders], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const found = JSON.parse(printed.toString()) as { difference: number }[];
    expect(found).toHaveLength(folders.length);
    for (const result of found) {
      expect(result).toMatchObject({ missing: [], unexpected: [] });
      expect(result.difference).toBeLessThan(1e-4);
    }
  },
);

const score = (rewardModel: RewardModel): number[] =>
  parameters(rewardModel.model).get('score.weight')!.toArray();

test('a policy’s weights go under a fresh score, drawn as transformers draws it', () => {
  const policy = tinyPolicy({ hiddenSize: 256, numAttentionHeads: 4, initializerRange: 0.5 });
  const own = RewardModel.from(policy, { seed: 3 });
  expect(score(own)).toEqual(score(RewardModel.from(policy, { seed: 3 })));
  expect(score(own)).not.toEqual(score(RewardModel.from(policy, { seed: 4 })));
  const deviation = Math.sqrt(score(own).reduce((sum, x) => sum + x ** 2, 0) / 256);
  // 256 draws: the standard error of a deviation of 0.5 is 0.022.
  expect(deviation).toBeGreaterThan(0.42);
  expect(deviation).toBeLessThan(0.58);
  const names = [...parameters(own.model).keys()];
  expect(names).toContain('score.weight');
  expect(names).not.toContain('lm_head.weight');
  expect(parameters(own.model).get('model.norm.weight')).toBe(
    parameters(policy.model).get('model.norm.weight'),
  );
});

test('a policy is not taken for a reward model, nor a reward model for a policy', () => {
  const policyFolder = join(root, 'policy');
  tinyPolicy().save(policyFolder);
  expect(() => RewardModel.load(policyFolder)).toThrow(/has no score.*laurel reward/);
  const rewardFolder = join(root, 'reward');
  RewardModel.from(tinyPolicy()).save(rewardFolder);
  expect(() => Policy.load(rewardFolder)).toThrow(/is a reward model.*reward_funcs/);
});

test('a folder that claims a score and holds none is refused by name', () => {
  const folder = join(root, 'headless');
  tinyPolicy().save(folder);
  const file = join(folder, 'config.json');
  const config = JSON.parse(readFileSync(file, 'utf8'));
  const claims = { architectures: ['Qwen2ForSequenceClassification'], id2label: { 0: 'LABEL_0' } };
  writeFileSync(file, JSON.stringify({ ...config, ...claims }));
  expect(() => RewardModel.load(folder)).toThrow(CheckpointError);
  expect(() => RewardModel.load(folder)).toThrow(/missing: score.weight/);
  // transformers counts two labels where none are named.
  const architectures = ['Qwen2ForSequenceClassification'];
  expect(() => parseModelConfig({ ...config, architectures })).toThrow(/with 2 labels/);
});

test('adapters must be merged before a score is put on them', () => {
  const adapted = tinyPolicy().withAdapters();
  expect(() => RewardModel.from(adapted)).toThrow(ConfigError);
  expect(() => RewardModel.from(adapted)).toThrow(/laurel merge/);
});

test('a text past the context is refused with both lengths', () => {
  const rewardModel = RewardModel.from(tinyPolicy({ maxPositionEmbeddings: 4 }));
  expect(() => rewardModel.score([[1, 2, 3, 4, 5]])).toThrow(/5 tokens.*context is 4/);
});
