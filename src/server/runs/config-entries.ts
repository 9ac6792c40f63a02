import { type ConfigSchema, type Field, listFields } from '../../config/index.ts';
import type { ConfigEntry } from '../api.ts';

type Options = Readonly<Record<string, unknown>>;

const isOptions = (value: unknown): value is Options =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isSame = (left: unknown, right: unknown): boolean =>
  JSON.stringify(left) === JSON.stringify(right);

/**
 * A run's options with their descriptions, and whether each differs from its default, in the schema's order.
 * @param options - As `config.yaml` has them, defaults filled in.
 * @param schema - Undefined for a trainer that this server does not know: then nothing is known to differ.
 */
export function configEntries(options: Options, schema: ConfigSchema | undefined): ConfigEntry[] {
  const fields = schema === undefined ? [] : listFields(schema);
  const known = fields.flatMap((field) => entriesOf(field, options, ''));
  const names = new Set<string>(fields.map(({ name }) => name));
  const others = Object.entries(options).filter(([name]) => !names.has(name));
  return [...known, ...others.map(([key, value]) => otherEntry(key, value))];
}

function entriesOf(field: Field, options: Options, prefix: string): ConfigEntry[] {
  if (!Object.hasOwn(options, field.name)) return [];
  const value = options[field.name];
  const key = `${prefix}${field.name}`;
  if (field.fields.length > 0 && isOptions(value))
    return field.fields.flatMap((inner) => entriesOf(inner, value, `${key}.`));
  const { defaultValue, required, group, description } = field;
  const standard = required || defaultValue === undefined ? null : defaultValue;
  const differs = required || !isSame(value, standard);
  return [{ key, value, default: standard, differs, group, description }];
}

const otherEntry = (key: string, value: unknown): ConfigEntry => ({
  key,
  value,
  default: null,
  differs: false,
  group: 'Other options',
  description: '',
});
