/** How far a browser has been told: of which database, up to which change and which event. What an event's id says. */
export interface LiveCursor {
  readonly database: string;
  readonly change: number;
  readonly event: number;
}

export const writeCursor = ({ database, change, event }: LiveCursor): string =>
  `${database}.${change}.${event}`;

/** Undefined for what is no cursor. */
export function readCursor(text: string | undefined): LiveCursor | undefined {
  const [, database, change, event] =
    /^([0-9a-z]{1,20})\.(\d{1,15})\.(\d{1,15})$/.exec(text ?? '') ?? [];
  return database === undefined
    ? undefined
    : { database, change: Number(change), event: Number(event) };
}
