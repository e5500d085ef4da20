// What can go wrong with a path, one class a cause, in words for somebody who does not know errno names.

import { ShoalError } from '../../shared/errors.ts';
import { grouped } from '../../shared/model/model-errors.ts';

export class FileNotFoundError extends ShoalError {
  readonly blame = 'file';

  constructor(path: string) {
    super(`Cannot open ${path}: there is no such file; check the path`);
  }
}

export class FolderNotFoundError extends ShoalError {
  readonly blame = 'file';

  constructor(path: string) {
    super(`Cannot write ${path}: its folder does not exist; create the folder or check the path`);
  }
}

export class NotAFileError extends ShoalError {
  readonly blame = 'file';

  constructor(path: string, what: string) {
    super(`Cannot use ${path}: it is ${what}, not a file; give the path of a file`);
  }
}

export class PermissionDeniedError extends ShoalError {
  readonly blame = 'file';

  constructor(path: string, action: 'read' | 'write') {
    super(`Cannot ${action} ${path}: permission denied; change its permissions or run as a user who may`);
  }
}

export class EmptyFileError extends ShoalError {
  readonly blame = 'file';

  constructor(path: string) {
    super(`Cannot use ${path}: it is empty; download it again`);
  }
}

/** It was longer when it was opened. */
export class FileShrankError extends ShoalError {
  readonly blame = 'file';

  constructor(path: string, size: number, end: number) {
    super(
      `Cannot read ${path}: it ended at byte ${grouped(end)} of ${grouped(size)} while in use; restore it and restart`,
    );
  }
}

export class DiskFullError extends ShoalError {
  readonly blame = 'file';

  constructor(path: string) {
    super(`Cannot write ${path}: the disk or its quota is full; free some space or choose another folder`);
  }
}

/** A cause nobody foresaw: a failing card, a vanished network drive. Keeps the system's own words. */
export class StorageFailedError extends ShoalError {
  readonly blame = 'runtime';

  constructor(path: string, action: 'read' | 'write', cause: unknown) {
    const words = cause instanceof Error ? cause.message.replaceAll(/\s+/g, ' ') : String(cause);
    super(`Cannot ${action} ${path}: ${words}; check the drive it is on`, { cause });
  }
}

/** The error for what a call of Node's file system threw. */
export function storageError(path: string, action: 'read' | 'write', cause: unknown): ShoalError {
  if (cause instanceof ShoalError) return cause;
  switch ((cause as NodeJS.ErrnoException | undefined)?.code) {
    case 'ENOENT':
      return action === 'read' ? new FileNotFoundError(path) : new FolderNotFoundError(path);
    case 'ENOTDIR':
      return new NotAFileError(path, 'below something that is not a folder');
    case 'EISDIR':
      return new NotAFileError(path, 'a folder');
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new PermissionDeniedError(path, action);
    case 'ENOSPC':
    case 'EDQUOT':
      return new DiskFullError(path);
    default:
      return new StorageFailedError(path, action, cause);
  }
}

/** No room for weights that a root sends. */
export class CacheFullError extends ShoalError {
  readonly blame = 'runtime';

  constructor(folder: string) {
    super(
      `Cannot write to the cache ${folder}: the disk or its quota is full; ` +
        'free some space or give another --cache folder',
    );
  }
}

/** The cache folder belongs to somebody else, may only be read, or is no folder. */
export class CacheDeniedError extends ShoalError {
  readonly blame = 'runtime';

  constructor(folder: string, action: 'read' | 'write', cause: string) {
    const how = action === 'read' ? 'read' : 'write to';
    super(`Cannot ${how} the cache ${folder}: ${cause}; change that or give another --cache folder`);
  }
}

/** The error for what went wrong in a cache folder, whose files no user knows by name. */
export function cacheError(folder: string, action: 'read' | 'write', cause: unknown): ShoalError {
  const error = storageError(folder, action, cause);
  const isFile = error instanceof NotAFileError || (cause as NodeJS.ErrnoException | undefined)?.code === 'EEXIST';
  if (error instanceof DiskFullError) return new CacheFullError(folder);
  if (error instanceof PermissionDeniedError) return new CacheDeniedError(folder, action, 'permission denied');
  if (isFile) return new CacheDeniedError(folder, action, 'something in its path is no folder');
  if (error instanceof FileNotFoundError || error instanceof FolderNotFoundError) {
    return new CacheDeniedError(folder, action, 'it is not there and cannot be made');
  }
  return error;
}
