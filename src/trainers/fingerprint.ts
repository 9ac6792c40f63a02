import { describeSystem, threadCount } from '../tensor/index.ts';

const capabilityOf = (build: string): string =>
  /CPU capability usage: (\S+)/.exec(build)?.[1] ?? 'unknown';

const librariesOf = (build: string): string =>
  [...build.matchAll(/BLAS_INFO=(\w+)|USE_MKLDNN=(\w+)/g)].map(([text]) => text).join(' ');

/** What decides the bits of a result besides the seed: the same fingerprint and seed give the same bits. */
export function fingerprint(device: string): Record<string, string | number> {
  const { torch, build, openblasCore, openblasConfig } = describeSystem();
  return {
    device,
    libtorch: torch,
    blas: openblasConfig.trim() || librariesOf(build),
    blasCore: openblasCore,
    cpuCapability: capabilityOf(build),
    threads: threadCount(),
    platform: `${process.platform}-${process.arch}`,
  };
}

/** The parts in which two fingerprints differ, as `name: before → now`; what an earlier version did not note is left out. */
export function fingerprintChanges(
  before: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
): string[] {
  return Object.keys(before)
    .filter((name) => before[name] !== now[name])
    .map((name) => `${name}: ${String(before[name])} → ${String(now[name])}`);
}
