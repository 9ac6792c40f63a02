import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readYamlFile, resolveConfig } from '../../../config/index.ts';
import { trainMethods } from './methods.ts';

const folder = fileURLToPath(new URL('../../../../recipes/rere/', import.meta.url));
const recipes = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

test.each(recipes)('the recipe %s says only what its method knows', async (name) => {
  const yamlFile = `${folder}${name}`;
  const written = readYamlFile(yamlFile);
  const method = await trainMethods[String(written['method'])]!.load();
  expect(resolveConfig(method.schema, { yamlFile })).toMatchObject({ out: written['out'] });
});
