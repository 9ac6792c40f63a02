import type { Check } from './check.ts';

/** The checks as a table, one line each with its advice below, closed by a line that sums them up. */
export function renderChecks(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ verdict, name, value, advice }) => [
    `${verdict.padEnd(4)}  ${name.padEnd(width)}  ${value}`,
    ...(advice ? [`${' '.repeat(width + 8)}→ ${advice}`] : []),
  ]);
  return [...lines, '', summary(checks), ''].join('\n');
}

function summary(checks: readonly Check[]): string {
  const named = (verdict: Check['verdict']) =>
    checks.filter((found) => found.verdict === verdict).map(({ name }) => name);
  const [failed, slow] = [named('fail'), named('warn')];
  if (failed.length > 0) return `Laurel cannot run here: ${failed.join(', ')}.`;
  if (slow.length > 0) return `Laurel runs, but could run better: ${slow.join(', ')}.`;
  return 'All is well.';
}
