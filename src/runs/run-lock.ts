/**
 * One process at a time writes a run. The lock is a file that appears whole (link) and names its owner by
 * process id, start time, host, boot and container, so that the lock of a killed process is recognised and taken over.
 * Where its process cannot be looked up, in another container say, the lock's age decides: its owner renews it.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, uptime } from 'node:os';
import { join } from 'node:path';
import { ConfigError, StorageError } from '../errors.ts';

/** Who holds a run. */
export interface LockOwner {
  readonly pid: number;
  readonly host: string;
  /** Start of the process, in the system's own notation; with the id it names a process for good. */
  readonly processStart: string;
  /** Changes with every start of the machine; empty where the system does not tell. */
  readonly boot: string;
  /** Process ids mean something within it only; containers differ in it. Empty where the system does not tell. */
  readonly pidNamespace: string;
  readonly since: string;
}

/** A run folder that another process is writing. */
export class RunInUseError extends ConfigError {
  override name = 'RunInUseError';
  readonly folder: string;
  readonly owner: LockOwner;

  constructor(folder: string, owner: LockOwner) {
    const { pid, host, since } = owner;
    const isHere = host === hostname();
    const isElsewhere = `choose another output_dir, or delete ${join(folder, lockName)} if that machine is gone`;
    const isInContainer = `it is in another container or on another machine of this name; stop it there, or wait ${SILENCE_SECONDS} s if it is gone`;
    const isLocal = `stop it (kill -INT ${pid}) or choose another output_dir`;
    const advice = !isHere ? isElsewhere : sharesProcessIds(owner) ? isLocal : isInContainer;
    super(`${folder}: in use by process ${pid} on ${host} since ${since}; ${advice}`);
    this.folder = folder;
    this.owner = owner;
  }
}

/** A held lock. */
export interface RunLock {
  release(): void;
}

const lockName = 'run.lock';

const RENEW_SECONDS = 20;
/** A lock that was not renewed for so long is nobody's, where its process cannot be looked up. */
const SILENCE_SECONDS = 120;

/**
 * Takes a run for this process.
 * @throws RunInUseError while another living process, or one on another machine, holds it.
 */
export function lockRun(folder: string): RunLock {
  const file = join(folder, lockName);
  const mine = JSON.stringify(thisProcess());
  const temporary = `${file}.${randomBytes(4).toString('hex')}`;
  try {
    writeFileSync(temporary, mine);
    while (!tryLink(temporary, file)) removeStale(folder, file);
  } catch (error) {
    throw StorageError.from(file, error);
  } finally {
    rmSync(temporary, { force: true });
  }
  const renewal = setInterval(() => renew(file, mine), RENEW_SECONDS * 1000);
  renewal.unref();
  return {
    release: () => {
      clearInterval(renewal);
      if (readText(file) === mine) rmSync(file, { force: true });
    },
  };
}

/** Shows that the owner is alive; nothing where the lock was deleted or taken over. */
function renew(file: string, mine: string): void {
  if (readText(file) !== mine) return;
  const now = new Date();
  try {
    utimesSync(file, now, now);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** The living process that holds a run; undefined when none does. */
export function lockOwner(folder: string): LockOwner | undefined {
  const file = join(folder, lockName);
  const text = readText(file);
  const owner = text === undefined ? undefined : parseOwner(text);
  return owner !== undefined && isHeld(owner, file) ? owner : undefined;
}

/** The same, where its process can be looked up on this machine, and so is surely the run's: one that may be sent a signal. */
export function localLockOwner(folder: string): LockOwner | undefined {
  const owner = lockOwner(folder);
  return owner !== undefined && owner.host === hostname() && sharesProcessIds(owner)
    ? owner
    : undefined;
}

function removeStale(folder: string, file: string): void {
  const text = readText(file);
  if (text === undefined) return;
  const owner = parseOwner(text);
  if (owner !== undefined && isHeld(owner, file)) throw new RunInUseError(folder, owner);
  const aside = `${file}.${randomBytes(4).toString('hex')}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  // Between reading and renaming, another process may have taken the run: then this is its lock, put it back.
  if (readText(aside) !== text) tryLink(aside, file);
  rmSync(aside, { force: true });
}

function isHeld(owner: LockOwner, file: string): boolean {
  if (owner.host !== hostname()) return true;
  if (sharesProcessIds(owner)) return owner.processStart === startOf(owner.pid);
  const renewed = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const startOfMachine = Date.now() - uptime() * 1000;
  return renewed > startOfMachine && Date.now() - renewed < SILENCE_SECONDS * 1000;
}

/** Whether its process id is one of those that can be looked up here. */
const sharesProcessIds = ({ boot, pidNamespace = processIds() }: LockOwner): boolean =>
  boot === bootId() && pidNamespace === processIds();

function processIds(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return ''; // Only Linux has them.
  }
}

function thisProcess(): LockOwner {
  return {
    pid: process.pid,
    host: hostname(),
    processStart: startOf(process.pid) ?? '',
    boot: bootId(),
    pidNamespace: processIds(),
    since: new Date().toISOString(),
  };
}

/** When a process started; undefined when there is none with this id. */
function startOf(pid: number): string | undefined {
  if (existsSync('/proc/self/stat')) {
    const stat = readText(`/proc/${pid}/stat`);
    // The second field is the program's name in brackets, which may itself hold spaces; start time is field 22.
    const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields?.[0] === 'Z' ? undefined : fields?.[19];
  }
  try {
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
    return started.trim() || undefined;
  } catch {
    return undefined; // ps exits 1 when there is no such process.
  }
}

function bootId(): string {
  return readText('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
}

function parseOwner(text: string): LockOwner | undefined {
  try {
    return JSON.parse(text) as LockOwner;
  } catch {
    return undefined; // Not a lock Laurel wrote whole, so nobody's.
  }
}

/** Puts a whole file in place unless there is one; copies where the file system has no hard links. */
function tryLink(source: string, target: string): boolean {
  try {
    linkSync(source, target);
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(code)) throw error;
    return tryCopy(source, target);
  }
}

function tryCopy(source: string, target: string): boolean {
  try {
    copyFileSync(source, target, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
