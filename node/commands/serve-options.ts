// Which options of `serve` go together.

import { ShoalError } from '../../shared/errors.ts';
import type { OptionValues } from './options.ts';

class NeedsLanError extends ShoalError {
  readonly blame = 'usage';

  constructor(option: string) {
    super(`--${option} is for the network, which is let in by --lan only; add --lan`);
  }
}

class HalfCertificateError extends ShoalError {
  readonly blame = 'usage';

  constructor() {
    super('--tls-cert and --tls-key belong together; give both, or neither for a certificate of your own authority');
  }
}

export function assertServable(options: OptionValues): void {
  for (const option of ['lan-port', 'tls-cert', 'tls-key'] as const) {
    if (options[option] !== undefined && !options.lan) throw new NeedsLanError(option);
  }
  if ((options['tls-cert'] === undefined) !== (options['tls-key'] === undefined)) throw new HalfCertificateError();
}
