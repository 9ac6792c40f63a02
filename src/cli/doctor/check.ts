/** Whether a finding is as it should be, costs speed, or stops Laurel from working. */
export type Verdict = 'ok' | 'warn' | 'fail';

/** One line of `laurel doctor`. */
export interface Check {
  /** What was looked at. */
  readonly name: string;
  /** What was found. */
  readonly value: string;
  readonly verdict: Verdict;
  /** What to do about it, when the verdict is not `ok`. */
  readonly advice?: string;
}

/** A check that is `ok` unless `problem` names what to do. */
export function check(name: string, value: string, problem?: string | false): Check {
  return problem
    ? { name, value, verdict: 'warn', advice: problem }
    : { name, value, verdict: 'ok' };
}
