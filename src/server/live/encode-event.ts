/** One server-sent event (WHATWG HTML, section 9.2). JSON has no line ends, so one data line does. */
export function encodeEvent(name: string, data: unknown, id?: string): string {
  const lines = [
    `event: ${name}`,
    ...(id === undefined ? [] : [`id: ${id}`]),
    `data: ${JSON.stringify(data)}`,
  ];
  return `${lines.join('\n')}\n\n`;
}

/** A comment, which keeps a silent connection open. */
export const encodeBeat = (): string => ': beat\n\n';

/** How soon a browser whose connection broke tries again. */
export const encodeRetry = (ms: number): string => `retry: ${ms}\n\n`;
