import {
  charTokenizer,
  collectRollouts,
  Generator,
  makePrompt,
  type OnTrainerEvent,
  Policy,
  type RolloutGroup,
  resolveSampling,
  type TrainResult,
  trainPolicyGradient,
  trainSupervised,
} from 'laurel';
import {
  drawProblems,
  drawWorkedExamples,
  type Problem,
  rightAnswer,
  seededRandom,
} from './arithmetic.ts';
import * as settings from './settings.ts';

/** Everything a seed decides. */
export function drawTask(seed: number) {
  const random = seededRandom(seed + 1);
  return {
    worked: drawWorkedExamples(settings.workedExamples, random).map(toRow),
    practice: drawProblems(settings.practiceProblems, random, { heldOut: false }).map(toRow),
    // The same for every seed.
    heldOut: drawProblems(settings.heldOutProblems, seededRandom(0), { heldOut: true }).map(toRow),
  };
}

export type Task = ReturnType<typeof drawTask>;

const toRow = <Row extends Problem>(row: Row, index: number) => ({
  ...row,
  example: { index, columns: { answer: row.answer } },
});

export const newPolicy = (seed: number): Policy =>
  Policy.create(settings.model, charTokenizer('0123456789+-=,'), { seed });

/**
 * One sampled answer to each held-out problem, as the policy acts. The likeliest answer would say less after
 * supervision: where right and wrong are even, it is a matter of luck.
 */
export function answerHeldOut({ heldOut }: Task, policy: Policy): Promise<RolloutGroup[]> {
  const prompts = heldOut.map((row) => makePrompt(row, policy.tokenizer));
  const { maxCompletionLength } = settings;
  const sampling = resolveSampling({ maxCompletionLength });
  return collectRollouts(policy, prompts, { groupSize: 1, sampling, generator: new Generator(0) });
}

/** Share of held-out problems that the policy answers right. */
export async function accuracyOf(task: Task, policy: Policy): Promise<number> {
  const groups = await answerHeldOut(task, policy);
  const right = groups.map(({ prompt, rollouts }) =>
    rightAnswer(rollouts[0]!.text, prompt.example.columns),
  );
  return right.reduce((sum, value) => sum + value, 0) / right.length;
}

export interface PhaseOptions {
  readonly policy: Policy;
  readonly seed: number;
  readonly runName: string;
  readonly signal?: AbortSignal;
  readonly onEvent?: OnTrainerEvent;
}

/** Learns to write what the pupils wrote, right and wrong alike. */
export function supervise(
  task: Task,
  { maxSteps, ...options }: PhaseOptions & { maxSteps?: number },
): Promise<TrainResult> {
  const examples = task.worked.map(({ example, prompt, completion }) => ({
    example,
    prompt,
    completion,
  }));
  return trainSupervised({
    ...settings.supervised,
    ...(maxSteps !== undefined && { maxSteps }),
    ...options,
    examples,
    evaluate: async (policy) => ({ accuracy: await accuracyOf(task, policy) }),
    evalStrategy: 'steps',
    evalSteps: 100,
    loggingSteps: 50,
    saveStrategy: 'no',
  });
}

/** Practises on problems without solutions; only the last number is marked, right or wrong. */
export function reinforce(task: Task, options: PhaseOptions): Promise<TrainResult> {
  return trainPolicyGradient({
    ...settings.reinforcement,
    ...options,
    examples: task.practice,
    reward: rightAnswer,
    evaluate: async (policy) => ({ accuracy: await accuracyOf(task, policy) }),
    evalStrategy: 'steps',
    evalSteps: 10,
    loggingSteps: 5,
    saveSteps: 50,
    saveTotalLimit: 1,
  });
}
