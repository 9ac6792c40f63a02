import { hostname } from 'node:os';
import { basename, resolve } from 'node:path';

/** Where runs lie, as mails say it: machine and folder's name, no path of the machine. */
export const placeOf = (root: string): string => `${hostname()} (${basename(resolve(root))})`;
