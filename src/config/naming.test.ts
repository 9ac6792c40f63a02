import { describe, expect, expectTypeOf, it } from 'vitest';
import { editDistance, nearestName, type SnakeCase, toCamelCase, toSnakeCase } from './index.ts';

describe('option names', () => {
  it('turn from camelCase to snake_case and back, in values and in types', () => {
    expect(toSnakeCase('perDeviceTrainBatchSize')).toBe('per_device_train_batch_size');
    expect(toSnakeCase('adamBeta1')).toBe('adam_beta1');
    expect(toCamelCase('top_p')).toBe('topP');
    expectTypeOf<SnakeCase<'adamBeta1'>>().toEqualTypeOf<'adam_beta1'>();
    expectTypeOf<SnakeCase<'modelNameOrPath'>>().toEqualTypeOf<'model_name_or_path'>();
  });
});

describe('editDistance', () => {
  it('counts insertions, deletions, substitutions and swaps of neighbours', () => {
    expect(editDistance('kitten', 'sitting')).toBe(3); // k→s, e→i, +g
    expect(editDistance('beta', 'beat')).toBe(1); // one swap
    expect(editDistance('', 'abc')).toBe(3);
    expect(editDistance('same', 'same')).toBe(0);
  });
});

describe('nearestName', () => {
  const known = ['learning_rate', 'logging_steps', 'group_size'];
  it('finds the name that was meant, whatever its case and separators', () => {
    expect(nearestName('lerning_rate', known)).toBe('learning_rate');
    expect(nearestName('learningRate', known)).toBe('learning_rate');
    expect(nearestName('groupsize', known)).toBe('group_size');
  });
  it('suggests nothing when nothing is near', () => {
    expect(nearestName('deepspeed', known)).toBeUndefined();
  });
});
