/**
 * Your own rows, your own reward. Copy this file, change both, and run it:
 *   npx laurel run own-data-own-reward.ts
 * Here a small model made from scratch learns to answer a greeting politely and briefly.
 */
import {
  byteTokenizer,
  datasetFromRows,
  groupReward,
  Policy,
  type RewardFunction,
  textTemplate,
  toPromptCompletion,
  trainPolicyGradient,
  trainSupervised,
} from 'laurel';

// Rows from anywhere: a query, a CSV, code. `await loadDataset('rows.jsonl')` reads a file of them.
const names = ['Ada', 'Bo', 'Cleo', 'Dan', 'Eva', 'Finn', 'Gus', 'Hana'];
const greetings = ['Hello', 'Good morning', 'Hey', 'Thanks'];
const rows = names.flatMap((name) =>
  greetings.map((greeting) => ({
    name,
    message: `${greeting}!`,
    reply: `${greeting}, ${name}${greeting === 'Thanks' ? '.' : ''}`,
  })),
);
const dataset = datasetFromRows('greetings', rows);
const source = {
  promptTemplate: textTemplate('{name}: {message}\n'),
  completionTemplate: textTemplate('{reply}'),
};
const examples = dataset.rows.map((row) => toPromptCompletion(row, source));

// A reward sees the completion and the row's columns, and may wait for a service or a database.
const politeness: RewardFunction = (completion, { name }) =>
  (completion.includes(String(name)) ? 1 : 0) + (completion.endsWith('.') ? 0.5 : 0);

// A group reward compares the completions of one prompt: here, the shortest earns most.
const brevity = groupReward('brevity', ({ rollouts }) => {
  const longest = Math.max(...rollouts.map(({ tokens }) => tokens.length));
  return rollouts.map(({ tokens }) => 1 - tokens.length / longest);
});

const policy = Policy.create(
  { hiddenSize: 64, numHiddenLayers: 2, maxPositionEmbeddings: 128 },
  byteTokenizer(),
);
await trainSupervised({ policy, examples, maxSteps: 250, learningRate: 3e-3, saveStrategy: 'no' });
const { folder } = await trainPolicyGradient({
  policy,
  examples,
  reward: [politeness, brevity],
  rewardWeights: [1, 0.1],
  maxSteps: 40,
  numGenerations: 8,
  perDeviceTrainBatchSize: 64,
  maxCompletionLength: 24,
  learningRate: 6e-4,
});

const [completion] = await policy.sample('Ada: Hello!\n', {
  maxCompletionLength: 24,
  temperature: 0,
});
console.log(`Ada: Hello! → ${completion?.text}   (the run is in ${folder})`);
