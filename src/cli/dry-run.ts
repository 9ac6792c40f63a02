import { parameters, trainableParameters } from '../models/index.ts';
import type { Trainee } from '../policy/index.ts';
import type { Tensor } from '../tensor/index.ts';

/** What is described of a policy or reward model. */
type Described = Pick<Trainee, 'model'>;

/** A table of names and values, aligned. */
export function describeNumbers(rows: readonly (readonly [string, string | number])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  const show = (value: string | number) =>
    typeof value === 'number' ? value.toLocaleString('en-US') : value;
  return `${rows.map(([name, value]) => `${name.padEnd(width)}  ${show(value)}`).join('\n')}\n`;
}

const sizeOf = (tensors: ReadonlyMap<string, Tensor>): number =>
  [...tensors.values()].reduce((sum, { size }) => sum + size, 0);

const parameterCount = ({ model }: Described): number => sizeOf(parameters(model));

/** How many numbers adapters train, and what share of the weights below them that is. */
function describeAdapters({ model }: Described): [string, string | number][] {
  if (model.adapters === undefined) return [];
  const trained = sizeOf(trainableParameters(model));
  const share = ((100 * trained) / sizeOf(parameters(model))).toFixed(2);
  return [['parameters of adapters', `${trained.toLocaleString('en-US')} (${share}%)`]];
}

/** What is trained, in numbers. */
export function describeModel(policy: Described): [string, string | number][] {
  const { config } = policy.model;
  return [
    [
      'model',
      `${config.modelType}, ${config.numHiddenLayers} layers, width ${config.hiddenSize}, vocabulary ${config.vocabSize}`,
    ],
    ['parameters', parameterCount(policy)],
    ...describeAdapters(policy),
    ['context', config.maxPositionEmbeddings],
  ];
}
