import { z } from 'zod';

/** A named set of at most 25 options that belong together. */
export interface ConfigGroup<Shape extends z.core.$ZodShape = z.core.$ZodShape> {
  readonly title: string;
  readonly fields: z.ZodObject<Shape, z.core.$strict>;
}

/** A problem that only several options together show. `at` is a schema key (camelCase). */
export interface CheckProblem {
  readonly at: string;
  readonly message: string;
}

/** What to do about an option other trainers know and this schema has not. */
export interface ForeignOption {
  /** Whether leaving this value out changes nothing that is learned. */
  readonly isInert: (value: unknown, options: Readonly<Record<string, unknown>>) => boolean;
  /** One sentence: what happens here, or what to use instead. */
  readonly instead: string;
  /** Inert values that deserve no warning, such as the published default. */
  readonly isSilent?: (value: unknown) => boolean;
}

/** A command's or trainer's whole configuration: one strict zod object, its groups and its cross-checks. */
export interface ConfigSchema<Shape extends z.core.$ZodShape = z.core.$ZodShape> {
  readonly name: string;
  readonly summary: string;
  readonly groups: Readonly<Record<string, ConfigGroup>>;
  readonly object: z.ZodObject<Shape, z.core.$strict>;
  readonly check: (config: never) => readonly CheckProblem[];
  /** By snake_case name. */
  readonly foreign: Readonly<Record<string, ForeignOption>>;
  /** Published spellings of a value, by snake_case name: `scale_rewards: true` → `group`. */
  readonly spellings: Readonly<Record<string, ReadonlyMap<unknown, unknown>>>;
}

/** The resolved configuration of a schema. */
export type ConfigOf<Schema extends ConfigSchema> = z.output<Schema['object']>;

/** What a TypeScript caller may write: everything with a default may be left out. */
export type ConfigInput<Schema extends ConfigSchema> = z.input<Schema['object']>;

type Intersection<Union> = (Union extends unknown ? (each: Union) => void : never) extends (
  all: infer All,
) => void
  ? All
  : never;
type ShapeOf<Group> = Group extends { readonly fields: { readonly shape: infer Shape } }
  ? Shape
  : never;
type Flat<T> = { [Key in keyof T]: T[Key] };
type AsShape<T> = T extends z.core.$ZodShape ? T : never;
type MergedShape<Groups> = AsShape<
  Flat<Intersection<{ [K in keyof Groups]: ShapeOf<Groups[K]> }[keyof Groups]>>
>;

/** Declares a group of options; every field carries its default, range and `.describe`. */
export function configGroup<Shape extends z.core.$ZodShape>(
  title: string,
  shape: Shape,
): { readonly title: string; readonly fields: z.ZodObject<Shape, z.core.$strict> } {
  return { title, fields: z.strictObject(shape) };
}

/** Composes groups into one strict schema; two groups may not name the same option. */
export function defineConfig<
  const Groups extends Readonly<Record<string, { title: string; fields: z.ZodObject }>>,
>({
  name,
  summary,
  groups,
  check = () => [],
  foreign = {},
  spellings = {},
}: {
  name: string;
  summary: string;
  groups: Groups;
  check?: (config: z.output<z.ZodObject<MergedShape<Groups>, z.core.$strict>>) => CheckProblem[];
  foreign?: Readonly<Record<string, ForeignOption>>;
  spellings?: Readonly<Record<string, ReadonlyMap<unknown, unknown>>>;
}): ConfigSchema<MergedShape<Groups>> {
  const shape: Record<string, z.core.$ZodType> = {};
  for (const [group, { fields }] of Object.entries(groups)) {
    for (const [key, field] of Object.entries(fields.shape)) {
      if (key in shape) throw new TypeError(`${name}: ${group}.${key} is declared twice`);
      shape[key] = field;
    }
  }
  const object = z.strictObject(shape) as unknown as z.ZodObject<
    MergedShape<Groups>,
    z.core.$strict
  >;
  return {
    name,
    summary,
    groups: groups as never,
    object,
    check: check as never,
    foreign,
    spellings,
  };
}
