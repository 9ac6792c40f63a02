/** Option names have one source, the schema's camelCase; the snake_case of YAML and flags is derived here. */

/** `adamBeta1` → `adam_beta1`, at type level. */
export type SnakeCase<S extends string> = S extends `${infer Head}${infer Tail}`
  ? Head extends Lowercase<Head>
    ? `${Head}${SnakeCase<Tail>}`
    : `_${Lowercase<Head>}${SnakeCase<Tail>}`
  : S;

/** The snake_case name of a schema key: `learningRate` → `learning_rate`. */
export function toSnakeCase<S extends string>(name: S): SnakeCase<S> {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) as SnakeCase<S>;
}

/** The camelCase name of an option: `learning_rate` → `learningRate`. */
export function toCamelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
