import { ConfigError } from '../../errors.ts';
import type { ModelConfig } from '../model-config.ts';
import {
  moduleName,
  type ParameterTable,
  type ProjectionEntry,
  type ProjectionName,
  parameterTable,
  projectionNames,
} from '../parameter-table.ts';

/** One projection of the model, by PyTorch's name. */
export interface ProjectionModule {
  readonly name: string;
  readonly layer: number;
  readonly projection: ProjectionName;
  readonly entry: ProjectionEntry;
}

/** Every projection that can be adapted. */
export const projectionModules = ({ layers }: Pick<ParameterTable, 'layers'>): ProjectionModule[] =>
  layers.flatMap((entries, layer) =>
    projectionNames.map((projection) => {
      const entry = entries[projection];
      return { name: moduleName(entry), layer, projection, entry };
    }),
  );

/** What PEFT's `all-linear` stands for: every projection, without the output matrix. */
const allLinear = 'all-linear';

/** The last parts of the names, in the order of the forward pass: `q_proj` … `down_proj`. */
function shortNames(modules: readonly ProjectionModule[]): string[] {
  return [...new Set(modules.map(({ name }) => name.slice(name.lastIndexOf('.') + 1)))];
}

/**
 * Targets as PEFT saves them: `all-linear` as the names it stands for, a list of one as its element (so TRL reads it),
 * and a lone name, which as a regular expression could match no module, as a list.
 */
export function expandTargets(
  targets: string | readonly string[],
  config: ModelConfig,
): string | readonly string[] {
  const only = typeof targets === 'string' ? targets : targets.length === 1 ? targets[0]! : null;
  if (only === null) return targets;
  if (only.toLowerCase() === allLinear)
    return shortNames(projectionModules(parameterTable(config)));
  return /^[\w.]+$/.test(only) ? [only] : only;
}

function regularExpression(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`);
  } catch (cause) {
    throw new ConfigError(
      `lora_target_modules: ${JSON.stringify(pattern)} is not a regular expression: ${(cause as Error).message}`,
      { cause },
    );
  }
}

const endsWith = (name: string, target: string): boolean =>
  name === target || name.endsWith(`.${target}`);

/** Modules that PEFT could adapt and that have no adapter here. */
const others = ['lm_head', 'model.embed_tokens'];

/** A test for each target: an end of a name, or a regular expression for whole names. */
function matchersOf(expanded: string | readonly string[]): { of: string; matches: Matcher }[] {
  if (typeof expanded === 'string') {
    const pattern = regularExpression(expanded);
    return [{ of: expanded, matches: (name) => pattern.test(name) }];
  }
  return expanded.map((target) => ({ of: target, matches: (name) => endsWith(name, target) }));
}

type Matcher = (name: string) => boolean;

/**
 * The projections that `target_modules` means, by PEFT's rules: a list holds whole names or their ends (`q_proj`), a
 * string is a regular expression for whole names, `all-linear` is every projection.
 * @throws ConfigError when a target names nothing, or something that cannot be adapted.
 */
export function targetedModules(
  targets: string | readonly string[],
  config: ModelConfig,
): ProjectionModule[] {
  const modules = projectionModules(parameterTable(config));
  const matchers = matchersOf(expandTargets(targets, config));
  const known = `all-linear, or of ${shortNames(modules).join(', ')}`;
  const refuse = (what: string) =>
    new ConfigError(`lora_target_modules: ${what}; expected ${known}, found ${show(targets)}`);
  for (const { of, matches } of matchers) {
    const other = others.find(matches);
    if (other !== undefined) throw refuse(`${other} cannot be adapted`);
    if (!modules.some(({ name }) => matches(name))) throw refuse(`${show(of)} names no module`);
  }
  if (matchers.length === 0) throw refuse('nothing would be trained');
  return modules.filter(({ name }) => matchers.some(({ matches }) => matches(name)));
}

const show = (value: unknown): string => JSON.stringify(value);
