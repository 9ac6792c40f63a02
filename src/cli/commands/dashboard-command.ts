import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolveConfig } from '../../config/index.ts';
import { findMail } from '../../digest/index.ts';
import { capoCommandConfig } from '../../papers/capo/capo-command-config.ts';
import { startDashboard } from '../../server/index.ts';
import { dpoConfig, grpoConfig, rewardConfig, sftConfig } from '../../trainers/config/index.ts';
import { laurelVersion } from '../../version.ts';
import { type Command, configFlag, helpFlag, refuseWords, textFlag } from '../command.ts';
import { abortOnInterrupt } from '../interruption.ts';
import { parseFlags, renderHelp } from '../options/index.ts';
import { dashboardConfig } from './dashboard-config.ts';

/** `laurel dashboard` */
export const dashboardCommand: Command = {
  async run(argv) {
    const commandFlags = [configFlag, helpFlag];
    const flags = parseFlags(argv, dashboardConfig, commandFlags);
    if (flags.command['help']) {
      process.stdout.write(renderHelp(dashboardConfig, { commandFlags }));
      return 0;
    }
    refuseWords(dashboardConfig.name, flags.positionals);
    const yamlFile = textFlag(flags.command, 'config');
    const { open, password, smtpUrl, mailFrom, publicUrl, ...options } = resolveConfig(
      dashboardConfig,
      {
        yamlFile,
        flags: flags.options,
      },
    );
    const dashboard = await startDashboard({
      ...options,
      password: password ?? (process.env['LAUREL_DASHBOARD_PASSWORD'] || null),
      mail: findMail({ smtpUrl, mailFrom, publicUrl }),
      schemas: [sftConfig, dpoConfig, rewardConfig, grpoConfig, capoCommandConfig],
      version: laurelVersion(),
    });
    process.stdout.write(`${dashboard.url}\n`);
    if (open) openInBrowser(dashboard.url);
    const { signal, release } = abortOnInterrupt('closing the dashboard');
    if (!signal.aborted) await once(signal, 'abort');
    await dashboard.close();
    release();
    return 0;
  },
};

/** Where there is no browser, the address that was printed does. */
function openInBrowser(url: string): void {
  const programs: Partial<Record<NodeJS.Platform, string>> = { darwin: 'open', win32: 'explorer' };
  const child = spawn(programs[process.platform] ?? 'xdg-open', [url], {
    detached: true,
    stdio: 'ignore',
  });
  child.once('error', () => console.error('No browser could be opened; open the address above.'));
  child.unref();
}
