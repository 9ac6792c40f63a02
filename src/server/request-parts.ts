import { z } from 'zod';
import type { ServerRequest } from './environment.ts';
import { HttpProblem } from './http-problem.ts';

/** A whole number in an address; anything else there is no such address. */
export function numberIn(context: ServerRequest, name: string): number {
  const text = context.req.param(name) ?? '';
  if (!/^(?:0|[1-9]\d{0,9})$/.test(text))
    throw new HttpProblem(404, `expected a number for ${name}, found ${JSON.stringify(text)}`);
  return Number(text);
}

/** The query of an address, by a schema. */
export function queryOf<Schema extends z.ZodType>(
  context: ServerRequest,
  schema: Schema,
): z.output<Schema> {
  const written = Object.entries(context.req.query()).filter(([, text]) => text !== '');
  return check(schema, Object.fromEntries(written), 'the query');
}

/** The body of a request, by a schema. */
export async function bodyOf<Schema extends z.ZodType>(
  context: ServerRequest,
  schema: Schema,
): Promise<z.output<Schema>> {
  const text = await context.req.text();
  const body = text === '' ? {} : parse(text);
  if (body === undefined)
    throw new HttpProblem(400, 'the request is not valid JSON; send an object');
  return check(schema, body, 'the request');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Not JSON; the caller says so.
  }
}

function check<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  what: string,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new HttpProblem(400, `${what} has problems:\n${z.prettifyError(result.error)}`);
}

/** A number written in an address. */
export const writtenNumber = z
  .string()
  .regex(/^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i, 'expected a number')
  .transform(Number);

/** A whole number written in an address, within bounds. */
export const writtenInteger = (low: number, high: number) =>
  z
    .string()
    .regex(/^\d{1,10}$/, 'expected a whole number')
    .transform(Number)
    .pipe(z.number().min(low).max(high));

/** Names or numbers written with commas. */
export const writtenList = (most: number) =>
  z
    .string()
    .transform((text) => text.split(',').filter(Boolean))
    .pipe(z.array(z.string().max(200)).min(1).max(most));
