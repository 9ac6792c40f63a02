import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const fixtures = fileURLToPath(new URL('./packaging', import.meta.url));
const example = await readmeExample();
let project = '';

/** The code fence that follows `<!-- example -->` in the README. */
async function readmeExample(): Promise<string | undefined> {
  const readme = await readFile(join(root, 'README.md'), 'utf8').catch(() => '');
  return readme.match(/<!-- example -->\s*```ts\n([\s\S]*?)```/)?.[1];
}

/** Runs a program in the project, as its user would; fails with everything it printed. */
async function inProject(program: string, args: string[]): Promise<string> {
  const { LAUREL_BUILD_DIR: _, NODE_OPTIONS: __, ...env } = process.env;
  const promise = promisify(execFile)(program, args, { cwd: project, env });
  const { stdout, stderr } = await promise.catch((cause) => {
    const what = `${program} ${args.join(' ')}`;
    throw new Error(`${what} failed:\n${cause.stdout}${cause.stderr}`, { cause });
  });
  return stdout + stderr;
}

async function packLaurel(): Promise<string> {
  await promisify(execFile)(process.execPath, ['setup.mjs'], { cwd: root });
  const args = ['pack', '--ignore-scripts', '--pack-destination', project];
  await promisify(execFile)('npm', args, { cwd: root });
  const tarball = (await readdir(project)).find((name) => name.endsWith('.tgz'));
  return join(project, tarball ?? 'no tarball');
}

beforeAll(async () => {
  project = await realpath(await mkdtemp(join(tmpdir(), 'laurel-packaging-')));
  const manifest = { name: 'empty-project', private: true, type: 'module' };
  await writeFile(join(project, 'package.json'), JSON.stringify(manifest));
  await cp(fixtures, project, { recursive: true });
  const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const packages = ['typescript', '@types/node'].map((name) => `${name}@${devDependencies[name]}`);
  const options = ['--prefer-offline', '--no-audit', '--no-fund'];
  await inProject('npm', ['install', ...options, await packLaurel(), ...packages]);
}, 300_000);

afterAll(() => rm(project, { recursive: true, force: true }));

test('an installed package says how to set it up until that is done', async () => {
  await expect(inProject('npx', ['--no-install', 'laurel', 'doctor'])).rejects.toThrow(
    'run `npx laurel setup` first',
  );
});

test('npx laurel setup builds the addon inside an installed package', async () => {
  const output = await inProject('npx', ['--no-install', 'laurel', 'setup']);
  const build = join(project, 'node_modules/laurel/native/build');
  const stamp = JSON.parse(await readFile(join(build, 'build.json'), 'utf8'));
  expect(output).toContain(`libtorch ${stamp.libtorch.version}`);
  expect((await stat(join(build, 'laurel.node'))).size).toBeGreaterThan(0);
  await expect(stat(join(project, 'node_modules/laurel/src'))).rejects.toThrow('ENOENT');
}, 240_000);

test('a second npx laurel setup has nothing to do', async () => {
  expect(await inProject('npx', ['--no-install', 'laurel', 'setup'])).toContain('Nothing to do');
});

test('an installed package has the built pages of the dashboard, with the licences of what is in them', async () => {
  const pages = join(project, 'node_modules/laurel/dist/dashboard');
  expect((await readdir(pages)).sort()).toEqual([
    'assets',
    'favicon.svg',
    'index.html',
    'licenses.md',
    'theme.js',
  ]);
  const html = await readFile(join(pages, 'index.html'), 'utf8');
  const script = html.match(/src="(\/assets\/[^"]+\.js)"/)?.[1];
  expect((await stat(join(pages, script ?? 'no script'))).size).toBeGreaterThan(0);
  expect(await readFile(join(pages, 'licenses.md'), 'utf8')).toContain('preact');
});

for (const resolution of ['nodenext', 'bundler'])
  test(`the example of the README type-checks with ${resolution} resolution`, async () => {
    if (!example) throw new Error('README.md has no example after <!-- example -->');
    await writeFile(join(project, 'example.ts'), example);
    await inProject('npx', ['--no-install', 'tsc', '-p', `tsconfig.${resolution}.json`]);
  });

test('the example of the README runs', async () => {
  if (!example) throw new Error('README.md has no example after <!-- example -->');
  await inProject(process.execPath, ['out/example.js']);
}, 240_000);
