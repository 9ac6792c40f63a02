import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';
import { afterAll, describe } from 'vitest';

/** Debian's Chromium, or the one that LAUREL_CHROMIUM names. */
const program = [process.env['LAUREL_CHROMIUM'], '/usr/bin/chromium'].find(
  (path) => path !== undefined && existsSync(path),
);

/** Tests that drive a browser; skipped, with the reason in their name, where there is none. */
export const describeInBrowser = (name: string, tests: () => void): void => {
  const reason = 'skipped: no /usr/bin/chromium (apt-get install chromium), no LAUREL_CHROMIUM';
  if (program === undefined) describe.skip(`${name} (${reason})`, tests);
  else describe(name, tests);
};

/** What a browser needs that runs without a screen, perhaps as root in a container, and what keeps it off the network. */
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A browser that knows nothing yet, and how it appears to pages. */
export interface BrowserOptions {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
}

/** Opens a browser with a profile of its own, closed when the tests of the file are done. */
export async function openBrowser({
  width = 1280,
  height = 900,
  colorScheme = 'light',
}: BrowserOptions = {}): Promise<BrowserContext> {
  const profile = mkdtempSync(join(tmpdir(), 'laurel-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: program!,
    args: flags,
    viewport: { width, height },
    colorScheme,
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(20_000);
  afterAll(async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  });
  return context;
}
