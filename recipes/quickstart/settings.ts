/** Sizes and rates of the quickstart; found on seeds 100 and up, reported on 0, 1 and 2. */
export const model = {
  hiddenSize: 96,
  numHiddenLayers: 2,
  numAttentionHeads: 4,
  maxPositionEmbeddings: 64,
  initializerRange: 0.05,
  tieWordEmbeddings: false,
} as const;

/** Worked examples; the control sees the same ones. */
export const workedExamples = 20_000;

/** Problems without solutions, for reinforcement learning. */
export const practiceProblems = 20_000;

/** Held-out problems that accuracy is measured on. */
export const heldOutProblems = 500;

export const maxCompletionLength = 8;

export const supervised = {
  maxSteps: 500,
  perDeviceTrainBatchSize: 128,
  learningRate: 2e-3,
  lrSchedulerType: 'cosine',
  warmupSteps: 20,
  adamBeta2: 0.99,
  weightDecay: 0.1,
} as const;

export const reinforcement = {
  maxSteps: 80,
  perDeviceTrainBatchSize: 512,
  numGenerations: 8,
  maxCompletionLength,
  learningRate: 5e-4,
  lrSchedulerType: 'constant_with_warmup',
  warmupSteps: 5,
  adamBeta2: 0.99,
} as const;
