import { execFileSync } from 'node:child_process';

/** The commit a run was started from, and whether files differed from it. */
export interface GitRevision {
  readonly commit: string;
  readonly hasLocalChanges: boolean;
}

/** The revision of the repository around a folder; null outside of one, or without git. */
export function gitRevision(folder: string = process.cwd()): GitRevision | null {
  const git = (...args: string[]) =>
    execFileSync('git', args, {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    return {
      commit: git('rev-parse', 'HEAD'),
      hasLocalChanges: git('status', '--porcelain', '--untracked-files=no') !== '',
    };
  } catch {
    return null; // No git, no repository or no commit: a run may start from anywhere.
  }
}
