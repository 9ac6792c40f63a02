import { type Command, helpFlag } from '../command.ts';
import { renderChecks } from '../doctor/render.ts';
import { doctor } from '../doctor.ts';

const help = `laurel doctor

Looks at everything that decides whether and how fast Laurel runs here, with a verdict and advice for each:
Node, libtorch and where it came from, BLAS and its kernels, threads, processor, GPU, measured GFLOP/s.

--${helpFlag.name}  ${helpFlag.description}
`;

/** `laurel doctor` */
export const doctorCommand: Command = {
  async run(argv) {
    if (argv.includes('--help') || argv.includes('-h')) {
      process.stdout.write(help);
      return 0;
    }
    const checks = await doctor();
    process.stdout.write(renderChecks(checks));
    return checks.some(({ verdict }) => verdict === 'fail') ? 1 : 0;
  },
};
