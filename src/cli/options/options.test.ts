import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { configGroup, defineConfig, resolveConfig } from '../../config/index.ts';
import { grpoConfig } from '../../trainers/config/index.ts';
import { parseFlags, renderHelp, renderOptionsTable } from './index.ts';

const schema = defineConfig({
  name: 'toy',
  summary: 'A toy.',
  groups: {
    all: configGroup('Everything', {
      learningRate: z.number().gt(0).default(1e-6).describe('Rate.'),
      maxSteps: z.int().default(-1).describe('Steps.'),
      packing: z.boolean().default(false).describe('Pack.'),
      runName: z.string().nullable().default(null).describe('Name of the run.'),
      kind: z.enum(['a', 'b']).default('a').describe('Kind.'),
      rewardFuncs: z.array(z.string()).describe('Rewards.'),
      rewardWeights: z.array(z.number()).nullable().default(null).describe('Weights.'),
      extra: z.record(z.string(), z.unknown()).default({}).describe('Extra.'),
      resumeFrom: z.union([z.boolean(), z.string()]).nullable().default(null).describe('Resume.'),
      model: z
        .strictObject({
          hiddenSize: z.int().default(4).describe('Width.'),
          tied: z.boolean().default(true).describe('Tied.'),
        })
        .nullable()
        .default(null)
        .describe('Model.'),
    }),
  },
  foreign: { use_vllm: { isInert: (value) => value === false, instead: 'Remove it.' } },
});
const own = [
  { name: 'config', kind: 'text', description: 'Options file.', placeholder: 'FILE' },
  { name: 'dry_run', kind: 'boolean', description: 'Only look.' },
] as const;

const optionsOf = (...argv: string[]) => parseFlags(argv, schema, own).options;

describe('parseFlags', () => {
  it('reads numbers, also 1e-4 and negative ones', () => {
    expect(optionsOf('--learning_rate', '1e-4', '--max_steps', '-1')).toEqual({
      learning_rate: 1e-4,
      max_steps: -1,
    });
  });
  it('takes dashes for underscores, and a value after =', () => {
    expect(optionsOf('--learning-rate=0.5', '--run-name=a=b')).toEqual({
      learning_rate: 0.5,
      run_name: 'a=b',
    });
  });
  it('turns switches on and off', () => {
    expect(optionsOf('--packing')).toEqual({ packing: true });
    expect(optionsOf('--no-packing')).toEqual({ packing: false });
    expect(optionsOf('--no_packing')).toEqual({ packing: false });
    expect(optionsOf('--packing', 'false')).toEqual({ packing: false });
    expect(optionsOf('--packing=true')).toEqual({ packing: true });
    expect(optionsOf('--no-model.tied')).toEqual({ model: { tied: false } });
  });
  it('leaves text as it is written, but for null', () => {
    expect(optionsOf('--run_name', '007')).toEqual({ run_name: '007' });
    expect(optionsOf('--run_name', '{a: b')).toEqual({ run_name: '{a: b' });
    expect(optionsOf('--run_name', 'null')).toEqual({ run_name: null });
  });
  it('collects lists from several words, repeated flags, commas between numbers, or YAML', () => {
    expect(optionsOf('--reward_funcs', 'a', './b.ts#c')).toEqual({
      reward_funcs: ['a', './b.ts#c'],
    });
    expect(optionsOf('--reward_funcs', 'a', '--reward_funcs', 'b')).toEqual({
      reward_funcs: ['a', 'b'],
    });
    expect(optionsOf('--reward_funcs', '[a, b]')).toEqual({ reward_funcs: ['a', 'b'] });
    expect(optionsOf('--reward_funcs', 'a, b')).toEqual({ reward_funcs: ['a, b'] });
    expect(optionsOf('--reward_weights', '1', '0.5')).toEqual({ reward_weights: [1, 0.5] });
    expect(optionsOf('--reward_weights', '1,-2e-1')).toEqual({ reward_weights: [1, -0.2] });
    expect(optionsOf('--reward_weights', 'null')).toEqual({ reward_weights: null });
  });
  it('reads inline YAML, and nested options by dots', () => {
    expect(optionsOf('--extra', '{enable_thinking: false}')).toEqual({
      extra: { enable_thinking: false },
    });
    expect(optionsOf('--model', '{hidden_size: 8}', '--model.tied', 'false')).toEqual({
      model: { hidden_size: 8, tied: false },
    });
  });
  it('takes an option that may be true or a path without a value as true', () => {
    expect(optionsOf('--resume_from')).toEqual({ resume_from: true });
    expect(optionsOf('--resume_from', 'runs/a')).toEqual({ resume_from: 'runs/a' });
  });
  it('keeps the command’s own flags and what is no flag apart', () => {
    const { command, positionals, options } = parseFlags(
      ['x', '--config', 'a.yaml', '--dry-run', 'y', '--packing', '--', '--z'],
      schema,
      own,
    );
    expect(command).toEqual({ config: 'a.yaml', dry_run: true });
    expect(positionals).toEqual(['x', 'y', '--z']);
    expect(options).toEqual({ packing: true });
  });
  it('lets an option known from TRL through, for the schema to judge', () => {
    expect(optionsOf('--use_vllm', 'true')).toEqual({ use_vllm: true });
    expect(optionsOf('--use_vllm')).toEqual({ use_vllm: true });
    const act = () =>
      resolveConfig(schema, { flags: { ...optionsOf('--use_vllm'), reward_funcs: ['a'] } });
    expect(act).toThrow('✖ true is not available here. Remove it.\n  → at use_vllm (--use_vllm)');
  });
  it('lists every unknown flag with the nearest, and every missing value, at once', () => {
    const act = () =>
      parseFlags(
        ['--lerning-rate', '1', '--model.hiden_size=3', '--max_steps', '--zzzzzzzz'],
        schema,
        own,
      );
    expect(act).toThrow(
      [
        'laurel toy: the command line has problems',
        '✖ unknown option; did you mean --learning_rate?',
        '  → at --lerning-rate',
        '✖ unknown option; did you mean --model.hidden_size?',
        '  → at --model.hiden_size',
        '✖ expected a value: whole number',
        '  → at --max_steps',
        '✖ unknown option; --help lists the options',
        '  → at --zzzzzzzz',
      ].join('\n'),
    );
  });
  it('names inline YAML that cannot be read', () => {
    expect(() => optionsOf('--extra', '{a: [}')).toThrow('is not valid YAML');
  });
});

describe('help', () => {
  it('shows every option with its value, description and default, by group', () => {
    const help = renderHelp(schema, { commandFlags: own });
    expect(help).toContain('Usage: laurel toy [--config FILE] [--option value …]');
    expect(help).toContain('  --config FILE                   Options file.\n');
    expect(help).toContain('  --dry-run                       Only look.\n');
    expect(help).toContain('\nEverything\n  --learning_rate X               Rate. [1e-6]\n');
    expect(help).toContain('  --kind a|b                      Kind. [a]\n');
    expect(help).toContain('  --reward_funcs TEXT …           Rewards. Required.\n');
    expect(help).toContain('  --model.hidden_size N           Width. [4]\n');
  });
  it('fits the terminal', () => {
    const longest = Math.max(
      ...renderHelp(grpoConfig, { columns: 90 })
        .split('\n')
        .map((line) => line.length),
    );
    expect(longest).toBeLessThanOrEqual(90);
  });
});

describe('the options table', () => {
  it('is Markdown with one row an option', () => {
    const table = renderOptionsTable(schema);
    expect(table).toContain('### Everything\n\n| Option | Default | Values | Meaning |');
    expect(table).toContain('| `learning_rate` | `1e-6` | number > 0 | Rate. |');
    expect(table).toContain('| `kind` | `a` | a \\| b | Kind. |');
    expect(table).toContain('| `reward_funcs` | required | list of text | Rewards. |');
  });
});
