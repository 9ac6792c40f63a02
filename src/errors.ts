/** Base of every error Laurel throws on purpose: the message says what, where, expected, found and what to do. */
export class LaurelError extends Error {
  override name = 'LaurelError';
}

/** A configuration value is missing, unknown or impossible; raised before the first step. */
export class ConfigError extends LaurelError {
  override name = 'ConfigError';
}

/** Tensors whose shapes do not fit the operation that received them. */
export class ShapeError extends LaurelError {
  override name = 'ShapeError';
}

/** Where in a data file something is wrong. */
export interface DataErrorLocation {
  file?: string;
  /** 1-based line (text formats) or row (Parquet). */
  line?: number;
}

/** A data file, row or column that cannot be used. */
export class DataError extends LaurelError {
  override name = 'DataError';
  readonly file: string | undefined;
  readonly line: number | undefined;

  constructor(message: string, { file, line, ...options }: DataErrorLocation & ErrorOptions = {}) {
    const where = file === undefined ? '' : line === undefined ? `${file}: ` : `${file}:${line}: `;
    super(`${where}${message}`, options);
    this.file = file;
    this.line = line;
  }
}

/** A checkpoint or model folder that is missing, truncated or of another architecture. */
export class CheckpointError extends LaurelError {
  override name = 'CheckpointError';
}

/** A file of a run that could not be written: the disk is full, failing or read-only. What was written before is whole. */
export class StorageError extends LaurelError {
  override name = 'StorageError';
  readonly file: string;

  constructor(file: string, cause: NodeJS.ErrnoException) {
    const isFull = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(cause.code ?? '');
    const reason = isFull ? `the disk is full (${cause.message})` : cause.message;
    const advice = isFull ? 'free disk space' : 'see to the disk';
    super(`${file}: cannot be written: ${reason}; ${advice}, then resume the run`, { cause });
    this.file = file;
  }

  /** What a write threw, as a StorageError where the system refused it. */
  static from(file: string, cause: unknown): unknown {
    const { syscall } = (cause ?? {}) as NodeJS.ErrnoException;
    return syscall === undefined ? cause : new StorageError(file, cause as NodeJS.ErrnoException);
  }
}

/** A checkpoint that could not be saved; earlier ones are untouched. */
export class SaveError extends CheckpointError {
  override name = 'SaveError';
}

/** The arithmetic engine refused an operation; names the operator and its arguments. */
export class EngineError extends LaurelError {
  override name = 'EngineError';
  readonly operator: string;

  constructor(operator: string, reason: string, options?: ErrorOptions) {
    super(`${operator}: ${reason}`, options);
    this.operator = operator;
  }

  /** Wraps what the engine threw; `context` follows its reason. */
  static from(operator: string, cause: unknown, context = ''): EngineError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new EngineError(operator, `${reason}${context}`, { cause });
  }
}

/** A rollout or its reward failed; recorded on the rollout and counted, never a crash of the run. */
export class RolloutError extends LaurelError {
  override name = 'RolloutError';
}
