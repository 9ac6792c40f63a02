import type { ConfigOf, ConfigSchema } from '../../config/index.ts';

/** The part of a command's configuration that a trainer's own schema has. */
export function pickOptions<Schema extends ConfigSchema>(
  config: Readonly<Record<string, unknown>>,
  schema: Schema,
): ConfigOf<Schema> {
  const keys = Object.keys(schema.object.shape);
  return Object.fromEntries(keys.map((key) => [key, config[key]])) as ConfigOf<Schema>;
}
