import { callTensor, ones, type Tensor, zeros } from '../../tensor/index.ts';
import type { Shifts } from './shifts.ts';

/** What is accepted or rejected as one: each token, each sequence, or the whole update. */
export type FilterLevel = 'token' | 'sequence' | 'batch';

/** Each token's value replaced by the mean over its sequence. `sequences`: int64 [N]. */
export function sequenceMeans(values: Tensor, sequences: Tensor): Tensor {
  if (values.size === 0) return values;
  const count = sequences.max().item() + 1;
  const { dtype, device } = values;
  const add = (what: Tensor) =>
    callTensor('aten::index_add', zeros([count], { dtype, device }), 0, sequences, what);
  const means = add(values).div(add(ones(values.shape, { dtype, device })).clamp(1));
  return means.indexSelect(0, sequences);
}

/** The shifts that a level decides by, one per token. A batch is judged when all of it was seen. */
export function pooledShifts(shifts: Shifts, sequences: Tensor, level: FilterLevel): Shifts {
  if (level !== 'sequence') return shifts;
  return {
    objective: sequenceMeans(shifts.objective, sequences),
    policy: sequenceMeans(shifts.policy, sequences),
  };
}
