import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fakeLibtorch, fakePrograms, load, root, scratchFolder, writeFiles } from './helpers.ts';

const { locateLibtorch } = await load('locate-libtorch');
let printed: string[] = [];

beforeEach(() => {
  printed = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => printed.push(line));
});
afterEach(() => vi.restoreAllMocks());

/** A machine without libtorch whose apt-get, when asked to install, puts one in `system`. */
function debianMachine({ user = 'root', candidate = '1.13.1+dfsg-4', id = 'debian' } = {}) {
  const [system, shelf, folder] = [scratchFolder(), scratchFolder(), scratchFolder()];
  writeFiles(shelf, fakeLibtorch({ version: '1.13.1' }));
  writeFiles(folder, { 'os-release': `ID=${id}\n` });
  const env = fakePrograms({
    python3: 'exit 1',
    sudo: user === 'sudoer' ? 'shift; echo sudo "$@" >> $HOME/log; exec "$@"' : 'exit 1',
    'apt-cache': `echo "  Candidate: ${candidate}"`,
    'apt-get': `echo apt-get "$@" >> $HOME/log
case "$*" in *--assume-no*) echo 'Need to get 98.5 MB of archives.'; exit 1 ;;
  install*) cp -r ${shelf}/. ${system} ;; esac`,
  });
  vi.spyOn(process, 'getuid').mockReturnValue(user === 'root' ? 0 : 1000);
  const options = { env, systemPrefixes: [system], osRelease: join(folder, 'os-release') };
  const log = () => {
    const path = join(env.HOME, 'log');
    return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  };
  return { options, log };
}

test('on Debian as root, libtorch is installed once what and how much has been said', () => {
  const { options, log } = debianMachine();
  const { libtorch, source } = locateLibtorch(options);
  expect([source, libtorch.version]).toEqual(['system', '1.13.1']);
  const packages = 'libtorch-dev libopenblas0-openmp';
  expect(log()).toEqual([
    'apt-get --version',
    'apt-get update -qq',
    `apt-get install --no-install-recommends --assume-no ${packages}`,
    `apt-get install --no-install-recommends -y -qq ${packages}`,
  ]);
  expect(printed.join('\n')).toContain('Installing libtorch-dev and libopenblas0-openmp');
  expect(printed.join('\n')).toContain('Need to get 98.5 MB of archives.');
});

test('without root, sudo is used when it asks for no password', () => {
  const { options, log } = debianMachine({ user: 'sudoer' });
  expect(locateLibtorch(options).source).toBe('system');
  expect(log()).toContain(
    'sudo env DEBIAN_FRONTEND=noninteractive apt-get install --no-install-recommends -y -qq libtorch-dev libopenblas0-openmp',
  );
});

test.each([
  ['sudo asks for a password', { user: 'someone' }, {}],
  ['LAUREL_NO_INSTALL is set', {}, { LAUREL_NO_INSTALL: '1' }],
  ['the system is not Debian-like', { id: 'fedora' }, {}],
])('when %s, setup stops with the commands for every system', (_, machine, env) => {
  const { options, log } = debianMachine(machine);
  const locate = () => locateLibtorch({ ...options, env: { ...options.env, ...env } });
  expect(locate).toThrow(
    'sudo apt-get install --no-install-recommends libtorch-dev libopenblas0-openmp',
  );
  expect(locate).toThrow('sudo dnf install python3-torch python3-torch-devel');
  expect(locate).toThrow('brew install pytorch');
  expect(locate).toThrow('python3 -m pip install torch');
  expect(log().filter((line) => line.includes('install'))).toEqual([]);
});

test('a distribution whose libtorch is too old is left as it is', () => {
  const { options, log } = debianMachine({ candidate: '1.8.1-5ubuntu1' });
  expect(() => locateLibtorch(options)).toThrow('no libtorch-dev of 1.13 or later');
  expect(log().filter((line) => line.includes('install'))).toEqual([]);
});

test.each(['setup.mjs', 'bin/laurel.mjs'])('%s tells an old Node so in one sentence', (file) => {
  const pretend = `Object.defineProperty(process, 'versions', { value: { node: '18.20.4' } })`;
  const run = () =>
    execFileSync(
      process.execPath,
      ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, join(root, file)],
      { encoding: 'utf8', stdio: 'pipe' },
    );
  expect(run).toThrow('Laurel needs Node 20 or later, and this is Node 18.20.4: install');
});
