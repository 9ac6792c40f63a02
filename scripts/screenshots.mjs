/**
 * Makes the pictures of docs/images/ from real training: a small model is supervised on greetings, then rewarded for
 * polite ones from two seeds, and Debian's Chromium looks at the dashboard over those runs.
 *   node scripts/screenshots.mjs
 * Needs set-up, playwright-core and Chromium; takes about two minutes. Text is set in the system's fonts: the pictures
 * in the repository have fonts-inter and fonts-urw-base35.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { serveDashboard, trainGreetings } from './screenshots/greetings.mjs';

const images = fileURLToPath(new URL('../docs/images', import.meta.url));
const mostBytes = 200_000;

/** What is shown: address, and what is done there before the picture is taken. */
const pictures = [
  {
    name: 'runs',
    path: '/runs',
    prepare: (page) => selectBoth(page),
  },
  { name: 'run', path: '/runs/2', prepare: pointAtChart },
  { name: 'compare', path: '/compare?runs=2,3&smoothing=0.6', prepare: pointAtChart },
  {
    name: 'completions',
    path: '/runs/2/completions?step=15&colour=logprob',
    prepare: pointAtToken,
  },
  { name: 'run-dark', path: '/runs/2', theme: 'dark', prepare: pointAtChart },
];

const folder = mkdtempSync(join(tmpdir(), 'laurel-screenshots-'));
mkdirSync(images, { recursive: true });
try {
  trainGreetings(folder);
  const dashboard = await serveDashboard(folder);
  const browser = await chromium.launch({
    executablePath: process.env.LAUREL_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  });
  for (const picture of pictures) await take(browser, dashboard.url, picture);
  await browser.close();
  dashboard.stop();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function take(browser, url, { name, path, theme = 'light', prepare }) {
  const viewport = { width: 1280, height: 860 };
  const page = await browser.newPage({ viewport, colorScheme: theme, reducedMotion: 'reduce' });
  await page.goto(url);
  await page.goto(new URL(path, url).href);
  await page.locator('h1').waitFor();
  await page.waitForTimeout(1500);
  await prepare?.(page);
  const file = join(images, `${name}.png`);
  await page.screenshot({ path: file });
  await page.close();
  const { size } = statSync(file);
  if (size > mostBytes) throw new Error(`${file}: ${size} bytes, at most ${mostBytes} expected`);
  console.log(`${file}: ${Math.round(size / 1000)} kB`);
}

async function selectBoth(page) {
  for (const seed of ['0', '1']) await page.getByLabel(`Select greetings-grpo-${seed}`).check();
  await page.mouse.move(0, 0);
}

async function pointAtChart(page) {
  const box = await page.locator('.u-over').first().boundingBox();
  await page.mouse.move(box.x + box.width * 0.55, box.y + box.height * 0.5);
}

async function pointAtToken(page) {
  await page.locator('.token[data-tone]').first().waitFor();
  await page.locator('.completion').first().locator('.token').nth(8).hover();
}
