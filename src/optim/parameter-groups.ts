import { type DType, keep, type Tensor, zeros } from '../tensor/index.ts';

/** Parameters by name; the leaves that an optimiser writes to. */
export type NamedParameters = ReadonlyMap<string, Tensor>;

/** Parameters that share their options. */
export interface ParameterGroup {
  readonly parameters: NamedParameters;
  readonly weightDecay: number;
}

/** Names of parameters that Hugging Face's Trainer does not decay: biases and the weights of norms. */
const undecayed = /bias|layernorm|rmsnorm|(?:^|\.)norm(?:$|\.)|_norm(?:$|\.)/i;

/** Two groups as Hugging Face's Trainer makes them: weight decay on all but biases and norms, and the rest without. */
export function decayGroups(parameters: NamedParameters, weightDecay: number): ParameterGroup[] {
  const entries = [...parameters];
  const group = (decayed: boolean) =>
    new Map(entries.filter(([name]) => undecayed.test(name) !== decayed));
  return [
    { parameters: group(true), weightDecay },
    { parameters: group(false), weightDecay: 0 },
  ];
}

/** Every parameter of the groups. */
export const allParameters = (groups: readonly ParameterGroup[]): NamedParameters =>
  new Map(groups.flatMap(({ parameters }) => [...parameters]));

/** A group whose parameters have one dtype and device, as list operators want. */
export interface UniformGroup extends ParameterGroup {
  readonly dtype: DType;
  readonly device: string;
}

/** The groups, split by dtype and device. */
export function uniformGroups(groups: readonly ParameterGroup[]): UniformGroup[] {
  return groups.flatMap(({ parameters, weightDecay }) => {
    const byKind = new Map<string, UniformGroup & { parameters: Map<string, Tensor> }>();
    for (const [name, parameter] of parameters) {
      const { dtype, device } = parameter;
      const kind = `${dtype} ${device}`;
      const group = byKind.get(kind) ?? { dtype, device, weightDecay, parameters: new Map() };
      group.parameters.set(name, parameter);
      byKind.set(kind, group);
    }
    return [...byKind.values()];
  });
}

/** A zero tensor like each parameter, by name, that outlives every scope. */
export function zerosLike(parameters: NamedParameters): Map<string, Tensor> {
  return new Map(
    [...parameters].map(([name, { shape, dtype, device }]) => [
      name,
      keep(zeros(shape, { dtype, device })),
    ]),
  );
}

/** One list per column, of the parameters that have a gradient. */
export interface GradientLists {
  readonly parameters: Tensor[];
  readonly gradients: Tensor[];
  readonly names: string[];
}

/** Parameters that have a gradient, with it. */
export function withGradients(parameters: NamedParameters): GradientLists {
  const lists: GradientLists = { parameters: [], gradients: [], names: [] };
  for (const [name, parameter] of parameters) {
    const gradient = parameter.grad;
    if (gradient === null) continue;
    lists.names.push(name);
    lists.parameters.push(parameter);
    lists.gradients.push(gradient);
  }
  return lists;
}
