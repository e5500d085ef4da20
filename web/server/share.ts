// What the server says of how other devices reach it. Checks it, since it is shown as addresses and a picture.

export interface Share {
  readonly urls: readonly string[];
  /** A drawing as SVG; undefined: none. */
  readonly qr: string | undefined;
  readonly authority: Authority | undefined;
}

/** How a device is told to trust the server's certificate. */
export interface Authority {
  /** SHA-256, as devices show it before they trust the certificate. */
  readonly fingerprint: string | undefined;
  readonly systems: readonly TrustSteps[];
}

/** What to do on one system. */
export interface TrustSteps {
  readonly system: string;
  /** What to download: a path on the server. */
  readonly file: string | undefined;
  readonly steps: readonly string[];
}

export function shareOf(body: unknown): Share {
  const { urls, qr, authority } = fieldsOf(body);
  return {
    urls: textsOf(urls).filter((url) => /^https?:\/\//.test(url)),
    qr: typeof qr === 'string' && qr.includes('<svg') ? qr : undefined,
    authority: typeof authority === 'object' && authority !== null ? authorityOf(authority) : undefined,
  };
}

function authorityOf(value: object): Authority {
  const { fingerprint, systems } = fieldsOf(value);
  return {
    fingerprint: typeof fingerprint === 'string' ? fingerprint : undefined,
    systems: (Array.isArray(systems) ? systems : []).flatMap((one) => {
      const { system, file, steps } = fieldsOf(one);
      return typeof system === 'string' ? [{ system, file: pathOf(file), steps: textsOf(steps) }] : [];
    }),
  };
}

const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];

/** A path on the same server. */
const pathOf = (value: unknown): string | undefined =>
  typeof value === 'string' && /^\/(?!\/)/.test(value) ? value : undefined;
