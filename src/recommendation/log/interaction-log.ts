import type { Interaction } from '../types.ts';
import type { Finding } from './finding.ts';

/** A log as it was read. */
export interface InteractionLog {
  /** In the order of the file. */
  readonly interactions: readonly Interaction[];
  /**
   * What the file's order says of events whose times are equal or absent: `log`, the earlier line came first, whoever's
   * it is; `user`, only among events of one user, as where a file lists user by user.
   */
  readonly order: 'log' | 'user';
  readonly findings: readonly Finding[];
}

/** Whether events of different users can be put in order. */
export const hasGlobalOrder = ({ interactions, order }: InteractionLog): boolean =>
  order === 'log' || interactions.every(({ time }) => time !== null);
