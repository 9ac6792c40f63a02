import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { listFields, parseConfig, resolveConfig, toCamelCase, toYaml } from '../../config/index.ts';
import {
  dpoConfig,
  dpoOptions,
  type GrpoConfig,
  groupArithmetic,
  grpoConfig,
  grpoOptions,
  rewardConfig,
  sftConfig,
  sftOptions,
  supervisedArithmetic,
} from './index.ts';

interface Case {
  rows: number;
  options: Record<string, number>;
  derived: Record<string, number>;
}
type Trainer = 'sft' | 'dpo' | 'reward' | 'grpo';
const golden = JSON.parse(
  readFileSync(new URL('../../../test/golden/config/trl_config.json', import.meta.url), 'utf8'),
) as { defaults: Record<Trainer, Record<string, unknown>>; grpo: Case[]; sft: Case[] };

const schemas = { sft: sftConfig, dpo: dpoConfig, reward: rewardConfig, grpo: grpoConfig };
const sources = 'tokenizer: byte\nmodel: {hidden_size: 8}\ndataset_name: rows.jsonl\n';
const grpoSources = `${sources}reward_funcs: [exact_match]\n`;
const silent = { warn: () => {} };

describe.each(Object.entries(schemas))('the %s schema', (name, schema) => {
  it('describes every option in one line and gives every one but the sources a default', () => {
    for (const field of listFields(schema)) {
      expect(field.description, field.name).toMatch(/^[^\n]+\.$/);
      if (!['dataset_name', 'reward_funcs'].includes(field.name))
        expect(field.required, field.name).toBe(false);
    }
  });
  it('has groups of at most 25 options', () => {
    for (const { fields } of Object.values(schema.groups)) {
      expect(Object.keys(fields.shape).length).toBeLessThanOrEqual(25);
    }
  });
  it('has names that turn from snake_case to camelCase and back', () => {
    const fields = listFields(schema).flatMap((field) => [field, ...field.fields]);
    for (const field of fields) expect(toCamelCase(field.name)).toBe(field.key);
  });
  it('has TRL’s default for every option that TRL has, but those listed here', () => {
    const ours = new Set([
      'output_dir', // TRL's trainer_output is no run folder.
      'loss_type', // sft only, where it is a foreign option.
      'warmup_ratio', // Transformers 5 has it as deprecated alias with None.
      'reward_funcs',
      'gradient_checkpointing', // null decides by size; the gradients are the same.
      'use_bias_correction_kl', // TRL 1.13 turned it on; 1.10, whose names and defaults we mirror, has it off.
    ]);
    const theirs = golden.defaults[name as Trainer];
    let compared = 0;
    for (const field of listFields(schema)) {
      if (!(field.name in theirs) || ours.has(field.name)) continue;
      expect(field.defaultValue, field.name).toEqual(theirs[field.name]);
      compared++;
    }
    expect(compared).toBeGreaterThan(25);
  });
  it('knows every option of TRL’s configuration: its own, or foreign with advice', () => {
    const known = new Set([
      ...listFields(schema).map((field) => field.name),
      ...Object.keys(schema.foreign),
    ]);
    const unknown = Object.keys(golden.defaults[name as Trainer]).filter(
      (option) => !known.has(option),
    );
    expect(unknown).toEqual([]);
  });
  it('accepts TRL’s own defaults written out, apart from the bfloat16 of mixed precision', () => {
    const theirs = { ...golden.defaults[name as Trainer], output_dir: 'out' };
    const yamlText = name === 'grpo' ? grpoSources : sources;
    const flags = Object.fromEntries(
      Object.entries(theirs).filter(([option]) => option !== 'loss_type'),
    );
    expect(() => resolveConfig(schema, { yamlText, flags, ...silent })).not.toThrow();
  });
  it('does not declare an option both as its own and as foreign', () => {
    const own = listFields(schema).map((field) => field.name);
    expect(own.filter((option) => option in schema.foreign)).toEqual([]);
  });
});

describe('trainer options in TypeScript', () => {
  it('leave out where model, rows and rewards come from', () => {
    expect(parseConfig(sftOptions, {})).not.toHaveProperty('datasetName');
    expect(parseConfig(grpoOptions, { learningRate: 1e-5 }).learningRate).toBe(1e-5);
  });
});

describe('a written dpo configuration', () => {
  const resolve = (lines: string) =>
    resolveConfig(dpoConfig, { yamlText: `${sources}${lines}`, ...silent });

  it('keeps its values through YAML', () => {
    const config = resolve('loss_type: [sigmoid, sft]\nloss_weights: [1, 0.2]');
    expect(resolveConfig(dpoConfig, { yamlText: toYaml(config, dpoConfig) })).toEqual(config);
  });
  it('takes one loss with or without its list', () => {
    expect(resolve('loss_type: ipo').lossType).toEqual(['ipo']);
    expect(resolve('loss_type: [ipo_paper]').lossType).toEqual(['ipo_paper']);
    const flags = { loss_type: 'hinge' };
    expect(resolveConfig(dpoConfig, { yamlText: sources, flags }).lossType).toEqual(['hinge']);
  });
  it('leaves model and rows to TypeScript', () => {
    expect(parseConfig(dpoOptions, { beta: 0.3 })).not.toHaveProperty('datasetName');
  });
  it.each([
    ['loss_type: [sigmoid, sft]\nloss_weights: [1]', 'expected 2 weights'],
    ['loss_type: [ipo]\nlabel_smoothing: 0.1', 'has no effect on ipo'],
    ['precompute_ref_log_probs: true\nsync_ref_model: true', 'cannot be scored beforehand'],
    ['rpo_alpha: 0.5', 'Set loss_type: [sigmoid, sft] and loss_weights: [1, rpo_alpha]'],
    ['truncation_mode: keep_end', 'keep their start'],
    ['f_divergence_type: forward_kl', 'The divergence is reverse_kl'],
    ['loss_type: exo_pair', 'sigmoid'],
  ])('refuses %j and says what to change', (lines, advice) => {
    expect(() => resolve(lines)).toThrow(advice);
  });
});

describe('a written sft configuration', () => {
  const resolve = (lines: string) =>
    resolveConfig(sftConfig, { yamlText: `${sources}${lines}`, ...silent });

  it('packs by TRL’s options', () => {
    const config = resolve('packing: true\npacking_strategy: bfd_split\neval_packing: false');
    expect(config).toMatchObject({
      packing: true,
      packingStrategy: 'bfd_split',
      evalPacking: false,
      paddingFree: false,
    });
  });
  it.each([
    ['packing: true\nmax_length: null', 'required by packing: the tokens of a row'],
    ['eval_packing: true\nmax_length: null', 'required by eval_packing'],
    ['packing_strategy: ffd', 'bfd_split'],
    ['group_by_length: true', 'Set train_sampling_strategy: group_by_length.'],
    ['train_sampling_strategy: batch_rebalance', 'group_by_length'],
  ])('refuses %j and says what to change', (lines, advice) => {
    expect(() => resolve(lines)).toThrow(advice);
  });
});

describe('a written grpo configuration', () => {
  const problemsOf = (yamlText: string) => () => resolveConfig(grpoConfig, { yamlText, ...silent });

  it('keeps its values through YAML', () => {
    const config = resolveConfig(grpoConfig, { yamlText: grpoSources });
    expect(resolveConfig(grpoConfig, { yamlText: toYaml(config, grpoConfig) })).toEqual(config);
  });
  it('reads TRL’s booleans for scale_rewards', () => {
    const scaling = (value: string) =>
      resolveConfig(grpoConfig, { yamlText: `${grpoSources}scale_rewards: ${value}` }).scaleRewards;
    expect(['true', 'false', 'batch'].map(scaling)).toEqual(['group', 'none', 'batch']);
  });
  it.each([
    ['use_vllm: true', 'Completions are sampled by Laurel itself'],
    ['deepspeed: zero2.json', 'runs in one process'],
    ['fp16: true', 'Set dtype: bfloat16, or float32 and remove it.'],
    ['optim: adafactor', 'The optimiser is AdamW'],
    ['use_dora: true', 'plain LoRA'],
    ['max_prompt_length: 512', 'A prompt longer than the context is an error'],
  ])('stops at %s, which would change the result', (line, advice) => {
    expect(problemsOf(grpoSources + line)).toThrow(advice);
  });
  it.each([
    'use_vllm: false',
    'gradient_checkpointing: false',
    'report_to: none',
    'optim: adamw_torch',
  ])('takes %s without a word', (line) => {
    const warnings: string[] = [];
    resolveConfig(grpoConfig, {
      yamlText: grpoSources + line,
      warn: (message) => warnings.push(message),
    });
    expect(warnings).toEqual([]);
  });
  it('warns of tf32 and report_to, which change nothing that is learned', () => {
    const warnings: string[] = [];
    const yamlText = `${grpoSources}tf32: true\nreport_to: wandb\n`;
    resolveConfig(grpoConfig, { yamlText, warn: (message) => warnings.push(message) });
    expect(warnings).toHaveLength(2);
  });
});

describe('options that do not fit together', () => {
  const problemsOf = (yamlText: string) => () => resolveConfig(grpoConfig, { yamlText, ...silent });

  it.each([
    [
      'num_generations: 6',
      '8 × gradient_accumulation_steps 1 = 8 completions do not divide into groups of num_generations 6; set per_device_train_batch_size to 6, or num_generations to 4',
    ],
    [
      'per_device_train_batch_size: 2\nsteps_per_generation: 3',
      'set per_device_train_batch_size to 8, or num_generations to 6',
    ],
    [
      'generation_batch_size: 20',
      '20 is not a multiple of per_device_train_batch_size 8; set generation_batch_size to 24',
    ],
    [
      'generation_batch_size: 24\nnum_generations: 16\n',
      'set generation_batch_size to 32, or num_generations to 12',
    ],
    ['generation_batch_size: 16\nsteps_per_generation: 2', 'remove one of them'],
    ['num_generations: 1', 'set num_generations to 2 or more, or loss_type to reinforce'],
    ['sync_ref_model: true', 'set beta above 0'],
    ['eval_strategy: steps\nper_device_eval_batch_size: 4', 'set per_device_eval_batch_size to 8'],
    ['reward_weights: [1, 2]', 'expected 1 weights, one for each of exact_match, found 2'],
    ['load_best_model_at_end: true', 'set eval_strategy to steps or epoch'],
    [
      'load_best_model_at_end: true\neval_strategy: steps\neval_steps: 30\nsave_steps: 100',
      'found 100; set save_steps to 90',
    ],
    [
      'load_best_model_at_end: true\neval_strategy: steps\neval_steps: 0.05\nsave_steps: 20',
      'set save_steps to 0.05, or eval_steps to 20',
    ],
    ['load_best_model_at_end: true\neval_strategy: epoch', 'set save_strategy to epoch'],
    ['save_strategy: best', 'required by save_strategy: best'],
    ['warmup_steps: 10\nwarmup_ratio: 0.1', 'set one of them to 0'],
    ['warmup_steps: 2.5', 'found 2.5'],
    ['model_name_or_path: x', 'remove one of them'],
    ['max_steps: 0', 'found 0'],
  ])('refuses %j and says what to change', (lines, advice) => {
    expect(problemsOf(`${grpoSources}${lines}`)).toThrow(advice);
  });
  it('gives advice at once also for absurd sizes', () => {
    const act = problemsOf(`${grpoSources}per_device_train_batch_size: 1000000007`);
    expect(act).toThrow('do not divide into groups of num_generations 8');
  });
  it('allows one completion per prompt to plain REINFORCE', () => {
    const yamlText = `${grpoSources}num_generations: 1\nloss_type: reinforce`;
    expect(resolveConfig(grpoConfig, { yamlText }).numGenerations).toBe(1);
  });
  it('requires a model, and a tokenizer for a new one', () => {
    expect(problemsOf('dataset_name: d\nreward_funcs: [r]')).toThrow('→ at model_name_or_path');
    expect(problemsOf('dataset_name: d\nreward_funcs: [r]\nmodel: {}')).toThrow('→ at tokenizer');
  });
  it('requires heads that divide', () => {
    const withModel = (model: string) => grpoSources.replace('{hidden_size: 8}', model);
    expect(problemsOf(withModel('{hidden_size: 10}'))).toThrow('set hidden_size to 12');
    expect(problemsOf(withModel('{num_key_value_heads: 3}'))).toThrow(
      'set num_key_value_heads to 2',
    );
  });
});

function grpoWith(options: Record<string, number>): GrpoConfig {
  return resolveConfig(grpoConfig, { yamlText: grpoSources, flags: options });
}

describe('groupArithmetic', () => {
  it.each(golden.grpo)(
    'derives TRL’s numbers from $rows rows and $options',
    ({ rows, options, derived }) => {
      const numbers = groupArithmetic(grpoWith(options), rows);
      expect({
        generation_batch_size: numbers.generationBatchSize,
        steps_per_generation: numbers.stepsPerGeneration,
        steps_per_epoch: numbers.stepsPerEpoch,
        micro_batches_per_epoch: numbers.microBatchesPerEpoch,
        total_steps: numbers.totalSteps,
        warmup_steps: numbers.warmupSteps,
      }).toEqual(derived);
    },
  );
  it('counts prompts, completions and tokens of a step', () => {
    // 8 completions × 4 micro-batches = 32 = 8 groups of 4; 100 prompts are 12 generations of 8 and 4 left over.
    const numbers = groupArithmetic(
      grpoWith({ num_generations: 4, gradient_accumulation_steps: 4 }),
      100,
    );
    expect(numbers).toMatchObject({
      completionsPerStep: 32,
      promptsPerStep: 8,
      promptsPerGeneration: 8,
    });
    expect(numbers).toMatchObject({ promptsLeftOver: 4, maxCompletionTokensPerStep: 32 * 512 });
  });
  it('turns shares of all steps into steps', () => {
    // 100 rows, one prompt a step, 3 epochs: 300 steps; a tenth is 30, an eighth 37.5, rounded up.
    const numbers = groupArithmetic(grpoWith({ logging_steps: 0.1, save_steps: 0.125 }), 100);
    expect(numbers).toMatchObject({ loggingSteps: 30, evalSteps: 30, saveSteps: 38 });
  });
  it('says what to change when the rows do not fill a generation', () => {
    const config = grpoWith({ num_generations: 4, gradient_accumulation_steps: 8 });
    expect(() => groupArithmetic(config, 6)).toThrow(
      'takes 16 prompts (generation_batch_size 64 / num_generations 4), but the training dataset has 6 rows; set steps_per_generation to 3',
    );
    expect(() => groupArithmetic(config, 0)).toThrow('no usable row');
  });
  it('gives advice that works', () => {
    for (const [batch, steps, group, rows] of [
      [12, 2, 8, 2],
      [8, 8, 4, 6],
      [64, 1, 4, 3],
      [6, 4, 4, 2],
      [16, 2, 2, 5],
    ] as const) {
      const options = {
        per_device_train_batch_size: batch,
        steps_per_generation: steps,
        num_generations: group,
      };
      let advice = '';
      try {
        groupArithmetic(grpoWith(options), rows);
      } catch (error) {
        advice = (error as Error).message.split('; ').at(-1)!;
      }
      const changes = [...advice.matchAll(/(\w+) to (\d+)/g)].map(([, name, value]) => [
        name!,
        Number(value),
      ]);
      expect(changes.length, advice).toBeGreaterThan(0);
      expect(() =>
        groupArithmetic(grpoWith({ ...options, ...Object.fromEntries(changes) }), rows),
      ).not.toThrow();
    }
  });
});

describe('supervisedArithmetic', () => {
  it.each(golden.sft)(
    'derives Transformers’ numbers from $rows rows and $options',
    ({ rows, options, derived }) => {
      const numbers = supervisedArithmetic(
        resolveConfig(sftConfig, { yamlText: sources, flags: options }),
        rows,
      );
      expect({
        steps_per_epoch: numbers.stepsPerEpoch,
        micro_batches_per_epoch: numbers.microBatchesPerEpoch,
        total_steps: numbers.totalSteps,
        warmup_steps: numbers.warmupSteps,
      }).toEqual(derived);
    },
  );
});
