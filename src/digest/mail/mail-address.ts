import { ConfigError } from '../../errors.ts';

/** RFC 5321 4.5.3.1: 64 octets before the @, 254 in all. */
const longest = { local: 64, address: 254 };

const local = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const label = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/**
 * A mail address alone, its domain in lower case: no name beside it, no quotes, no second address, nothing that could end
 * a header line. Undefined for anything else. Addresses outside ASCII (SMTPUTF8) are not taken.
 */
export function readMailAddress(text: string): string | undefined {
  const address = text.trim();
  const at = address.lastIndexOf('@');
  const [name, domain] = [address.slice(0, at), address.slice(at + 1)];
  const labels = domain.split('.');
  const isWhole = at > 0 && name.length <= longest.local && address.length <= longest.address;
  if (!isWhole || !local.test(name) || !labels.every((each) => label.test(each))) return undefined;
  return `${name}@${domain.toLowerCase()}`;
}

/** {@link readMailAddress}. @throws ConfigError for what is none. */
export function requireMailAddress(text: string, option: string): string {
  const address = readMailAddress(text);
  if (address !== undefined) return address;
  throw new ConfigError(
    `${option}: ${JSON.stringify(text)} is not a mail address; expected one like you@example.org`,
  );
}
