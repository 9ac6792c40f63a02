import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { ConfigError } from '../errors.ts';
import {
  type ConfigOf,
  configGroup,
  defineConfig,
  listFields,
  parseConfig,
  parseWritten,
} from './index.ts';

const schema = defineConfig({
  name: 'toy',
  summary: 'A toy.',
  groups: {
    first: configGroup('First', {
      groupSize: z.int().min(2).default(8).describe('Completions.'),
      learningRate: z.number().gt(0).max(1).default(0.1).describe('Rate.'),
      dataset: z.string().describe('Rows.'),
    }),
    second: configGroup('Second', {
      lossType: z.enum(['dapo', 'grpo']).nullable().default(null).describe('Loss.'),
      model: z
        .strictObject({ hiddenSize: z.int().min(1).default(4).describe('Width.') })
        .nullable()
        .default(null)
        .describe('Model.'),
      weights: z.array(z.number()).default([]).describe('Weights.'),
    }),
  },
  check: ({ groupSize, weights }) =>
    weights.length > groupSize ? [{ at: 'weights', message: 'more weights than completions' }] : [],
  foreign: {
    bf16: { isInert: () => true, isSilent: (value) => value === false, instead: 'Set dtype.' },
    use_vllm: { isInert: (value) => value === false, instead: 'Remove it.' },
  },
  spellings: { loss_type: new Map<unknown, unknown>([[true, 'dapo']]) },
});

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}

describe('defineConfig', () => {
  it('merges groups into one typed object', () => {
    type Config = ConfigOf<typeof schema>;
    expectTypeOf<Config['groupSize']>().toEqualTypeOf<number>();
    expectTypeOf<Config['lossType']>().toEqualTypeOf<'dapo' | 'grpo' | null>();
    expectTypeOf<Config['model']>().toEqualTypeOf<{ hiddenSize: number } | null>();
  });
  it('refuses an option that two groups declare', () => {
    const group = configGroup('Twice', { seed: z.int().default(1).describe('Seed.') });
    expect(() => defineConfig({ name: 'x', summary: '', groups: { a: group, b: group } })).toThrow(
      'b.seed',
    );
  });
});

describe('parseConfig', () => {
  it('fills in defaults', () => {
    expect(parseConfig(schema, { dataset: 'd' })).toEqual({
      groupSize: 8,
      learningRate: 0.1,
      dataset: 'd',
      lossType: null,
      model: null,
      weights: [],
    });
  });
  it('takes an option that is explicitly undefined as left out', () => {
    const { groupSize } = parseConfig(schema, { dataset: 'd', groupSize: undefined });
    expect(groupSize).toBe(8);
  });
  it('names options in camelCase and accepts no others', () => {
    const written = { dataset: 'd', group_size: 4 } as never;
    expect(messageOf(() => parseConfig(schema, written))).toContain(
      'unknown option "group_size"; did you mean groupSize?',
    );
  });
  it('is a type error for an unknown option', () => {
    // @ts-expect-error groupSiz is no option
    expect(() => parseConfig(schema, { dataset: 'd', groupSiz: 4 })).toThrow(ConfigError);
  });
});

describe('parseWritten', () => {
  it('lists every problem at once, each at its option', () => {
    const message = messageOf(() =>
      parseWritten(schema, {
        group_size: 1,
        learning_rate: 2,
        loss_type: 'ppo',
        model: { hidden_siz: 3 },
        weights: [1, 'a'],
        grup: 1,
      }),
    );
    expect(message).toBe(
      [
        'toy: the configuration has problems',
        '✖ unknown option "hidden_siz"; did you mean model.hidden_size?',
        '  → at model.hidden_siz',
        '✖ unknown option "grup"',
        '  → at grup',
        '✖ expected whole number ≥ 2, found 1',
        '  → at group_size',
        '✖ expected number in (0, 1], found 2',
        '  → at learning_rate',
        '✖ required: text. Rows.',
        '  → at dataset',
        '✖ expected dapo | grpo or null, found "ppo"',
        '  → at loss_type',
        '✖ expected list of number, found "a"',
        '  → at weights.1',
      ].join('\n'),
    );
  });
  it('runs cross-checks on a configuration whose fields are right', () => {
    const message = messageOf(() =>
      parseWritten(schema, { dataset: 'd', group_size: 2, weights: [1, 2, 3] }),
    );
    expect(message).toContain('✖ more weights than completions\n  → at weights');
  });
  it('warns of a foreign option that is inert and stops at one that is not', () => {
    const warnings: string[] = [];
    const warn = (message: string) => warnings.push(message);
    parseWritten(schema, { dataset: 'd', bf16: true, use_vllm: false }, { warn });
    parseWritten(schema, { dataset: 'd', bf16: false }, { warn });
    expect(warnings).toEqual([
      'bf16: true has no effect here. Set dtype.',
      'use_vllm: false has no effect here. Remove it.',
    ]);
    const message = messageOf(() => parseWritten(schema, { dataset: 'd', use_vllm: true }));
    expect(message).toContain('✖ true is not available here. Remove it.\n  → at use_vllm');
  });
  it('reads published spellings of a value', () => {
    expect(parseWritten(schema, { dataset: 'd', loss_type: true }).lossType).toBe('dapo');
  });
  it('takes no name from an object’s prototype', () => {
    const written = JSON.parse('{"dataset": "d", "constructor": 1, "toString": 2, "__proto__": 3}');
    const message = messageOf(() => parseWritten(schema, written));
    for (const name of ['constructor', 'toString', '__proto__']) {
      expect(message).toContain(`unknown option "${name}"`);
    }
  });
  it('refuses anything but a mapping', () => {
    expect(messageOf(() => parseWritten(schema, [1]))).toContain(
      'expected a mapping of options, found [1]',
    );
  });
});

describe('listFields', () => {
  it('reads kinds, ranges and defaults off the schema', () => {
    const fieldOf = (name: string) => listFields(schema).find((field) => field.name === name);
    expect(fieldOf('group_size')).toMatchObject({
      kind: 'integer',
      accepts: 'whole number ≥ 2',
      defaultValue: 8,
    });
    expect(fieldOf('dataset')).toMatchObject({ kind: 'text', required: true, group: 'First' });
    expect(fieldOf('loss_type')).toMatchObject({
      kind: 'choice',
      choices: ['dapo', 'grpo'],
      nullable: true,
    });
    expect(fieldOf('model')?.fields[0]).toMatchObject({ name: 'hidden_size', kind: 'integer' });
    expect(fieldOf('weights')).toMatchObject({ kind: 'list', itemKind: 'number' });
  });
});

describe('what YAML can write and JSON cannot', () => {
  it('is shown all the same: a mapping that holds itself', () => {
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    const message = messageOf(() => parseWritten(schema, { dataset: 'd', group_size: cyclic }));
    expect(message).toContain('group_size');
    expect(message).toContain('Circular');
  });
});

describe('a list of one', () => {
  it('may be written without brackets in YAML, where the item fits', () => {
    expect(parseWritten(schema, { dataset: 'd', weights: 2 }).weights).toEqual([2]);
    expect(messageOf(() => parseWritten(schema, { dataset: 'd', weights: 'x' }))).toContain(
      'expected list of number, found "x"',
    );
  });
});
