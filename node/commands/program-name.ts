// How the user calls this program, so that what help and errors propose can be typed as it stands.

/** npm tells which of its scripts runs. */
export const PROGRAM = process.env.npm_lifecycle_event === undefined ? 'shoal' : 'npm run shoal --';
