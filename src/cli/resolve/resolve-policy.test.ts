import { afterEach, expect, test, vi } from 'vitest';
import { ConfigError } from '../../errors.ts';
import { describeSystem } from '../../tensor/index.ts';
import { resolveDevice, resolveModelFolder } from './resolve-policy.ts';

afterEach(() => vi.unstubAllEnvs());

test.skipIf(describeSystem().cuda)('CUDA is refused by a libtorch without it', () => {
  expect(() => resolveDevice('cuda')).toThrow(ConfigError);
  expect(() => resolveDevice('cuda:1')).toThrow(/this libtorch has no CUDA; see docs\/setup\.md/);
  expect(resolveDevice('auto')).toBe('cpu');
  expect(resolveDevice('cpu')).toBe('cpu');
});

test('a model that is no folder and not on the Hub is said to be neither', async () => {
  vi.stubEnv('HF_HUB_OFFLINE', '1');
  await expect(resolveModelFolder('runs/nowhere', 'main')).rejects.toThrow(
    /^runs\/nowhere: no such folder on disk; as a Hub name: /,
  );
});
