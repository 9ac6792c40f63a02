import { expect, it } from 'vitest';
import { resolveConfig } from '../../config/index.ts';
import { dashboardConfig } from './dashboard-config.ts';
import { findPassword } from './dashboard-password.ts';

const variable = (value: string) => ({ LAUREL_DASHBOARD_PASSWORD: value });

it('is the option, else the variable; an empty variable is none', () => {
  expect(findPassword('of the option', variable('of the variable'))).toBe('of the option');
  expect(findPassword(null, variable('of the variable'))).toBe('of the variable');
  expect(findPassword(null, variable(''))).toBeNull();
  expect(findPassword(null, {})).toBeNull();
});

it('has eight characters at least, wherever it comes from, and is not repeated', () => {
  expect(() => findPassword(null, variable('7 signs'))).toThrow(
    /^LAUREL_DASHBOARD_PASSWORD: expected at least 8 characters$/,
  );
  const asOption = () => resolveConfig(dashboardConfig, { flags: { password: '7 signs' } });
  expect(asOption).toThrow('expected at least 8 characters');
  expect(asOption).not.toThrow('7 signs');
});
