export {
  type CheckProblem,
  type ConfigGroup,
  type ConfigInput,
  type ConfigOf,
  type ConfigSchema,
  configGroup,
  defineConfig,
  type ForeignOption,
} from './config-schema.ts';
export { type Field, type FieldKind, listFields } from './fields.ts';
export { type SnakeCase, toCamelCase, toSnakeCase } from './naming.ts';
export { editDistance, nearestName } from './nearest-name.ts';
export { type Naming, type ParseOptions, parseConfig, parseWritten } from './parse-config.ts';
export { formatProblems, type Problem, throwProblems } from './problem.ts';
export {
  type ConfigSources,
  configDifferences,
  readYamlFile,
  resolveConfig,
  toYaml,
} from './resolve-config.ts';
