import type { TurningPoint } from './turn-detector.ts';

/** What a monitor goes on from, in JSON's terms. */
export interface MonitorState {
  /** Step of the last measurement; −1 before any. */
  readonly lastStep: number;
  /** What the detector knows. */
  readonly detector: unknown;
  /** Turning points told so far. */
  readonly turns: readonly TurningPoint[];
  /** What the measurements depend on, by name. */
  readonly settings: Readonly<Record<string, unknown>>;
}

const show = (value: unknown): string => JSON.stringify(value) ?? 'nothing';

/** The settings in which a resumed monitor differs from what it was, as `name: before → now`. */
export function settingChanges(
  before: MonitorState['settings'],
  now: MonitorState['settings'],
): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return names
    .filter((name) => show(before[name]) !== show(now[name]))
    .map((name) => `${name}: ${show(before[name])} → ${show(now[name])}`);
}
