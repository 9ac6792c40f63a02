import { existsSync, readFileSync } from 'node:fs';
import { SetupError, say } from './report.mjs';
import { run } from './run.mjs';

const PACKAGES = ['libtorch-dev', 'libopenblas0-openmp'];
const INSTALL = ['install', '--no-install-recommends'];
const OLDEST_MINOR = 13;

/**
 * Installs Debian's libtorch with apt-get, saying first what and how much; throws with the exact
 * commands where it may not (`LAUREL_NO_INSTALL=1`), cannot, or should not.
 */
export function installLibtorch({ env = process.env, osRelease = '/etc/os-release' } = {}) {
  const prefix = isDebianLike(osRelease) ? aptPrefix(env) : undefined;
  if (prefix === undefined) throw new SetupError(instructions());
  say('libtorch is not on this machine. Reading the package lists (apt-get update) …');
  apt(prefix, ['update', '-qq'], env);
  const version = candidateVersion(env);
  if (version === undefined)
    throw new SetupError(`apt-get has no libtorch-dev of 1.13 or later here.\n${instructions()}`);
  say(`Installing ${PACKAGES.join(' and ')} (libtorch ${version}) with apt-get. ${size(env)}`);
  say('This takes a few minutes; LAUREL_NO_INSTALL=1 prevents it.');
  if (!apt(prefix, [...INSTALL, '-y', '-qq', ...PACKAGES], env))
    throw failed(`apt-get ${INSTALL.join(' ')} ${PACKAGES.join(' ')}`, prefix);
}

/** What to put before `apt-get`: nothing for root, sudo if it asks no password; else undefined. */
function aptPrefix(env) {
  if (env.LAUREL_NO_INSTALL && env.LAUREL_NO_INSTALL !== '0') return undefined;
  if (!run('apt-get', ['--version'], { env }).ok) return undefined;
  if (process.getuid?.() === 0) return [];
  return run('sudo', ['-n', 'true'], { env }).ok ? ['sudo', '-n'] : undefined;
}

function isDebianLike(osRelease) {
  return (
    existsSync(osRelease) && /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync(osRelease, 'utf8'))
  );
}

/** Runs apt-get, whose thousand lines are shown only if it fails. @returns whether it succeeded. */
function apt(prefix, args, env) {
  const words = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args];
  const { ok, stdout, stderr } = run(words[0], words.slice(1), { env });
  if (!ok) say(`${stdout}${stderr}`.trimEnd());
  return ok;
}

function candidateVersion(env) {
  const { stdout } = run('apt-cache', ['policy', 'libtorch-dev'], { env: { ...env, LC_ALL: 'C' } });
  const version = stdout.match(/Candidate: (\d+)\.(\d+)\S*/);
  if (!version) return undefined;
  const recent = Number(version[1]) > 1 || Number(version[2]) >= OLDEST_MINOR;
  return recent ? version[0].slice('Candidate: '.length) : undefined;
}

/** apt-get's own estimate: "Need to get 98 MB of archives. After this operation, 500 MB …". */
function size(env) {
  const { stdout } = run('apt-get', [...INSTALL, '--assume-no', ...PACKAGES], {
    env: { ...env, LC_ALL: 'C' },
  });
  return (stdout.match(/^(Need to get|After this operation).*$/gm) ?? []).join(' ');
}

function failed(command, prefix) {
  const line = [...prefix, command].join(' ');
  return new SetupError(`\`${line}\` failed (its message is above).\n${instructions()}`);
}

/** The commands that install libtorch by hand. */
export function instructions() {
  return `Laurel needs libtorch 1.13 or later (C++ headers and libraries) and found none it can use.
Install one of these, then run setup again:
  Debian, Ubuntu   sudo apt-get update && sudo apt-get install --no-install-recommends ${PACKAGES.join(' ')}
  Fedora           sudo dnf install python3-torch python3-torch-devel gcc-c++
  macOS            xcode-select --install; brew install pytorch
  any, with pip    python3 -m pip install torch --index-url https://download.pytorch.org/whl/cpu
or point LIBTORCH at an unzipped libtorch or a torch Python package (both hold include/ and lib/).`;
}
