// Finding each other on the local network by multicast DNS: a root that lets workers join says so, a worker without an
// address looks. Only where to call; that it is the right cluster, the handshake proves.

import { hostname } from 'node:os';
import { Bonjour, type Service } from 'bonjour-service';
import type { Address } from '../../shared/mesh/address.ts';
import type { Milliseconds } from '../../shared/units.ts';

/** The service's type on the network: _shoal._tcp. */
const TYPE = 'shoal';
/** Questions and answers are single datagrams, which get lost, and a root that was refused once may be right later. */
const ASK_AGAIN_MS: Milliseconds = 5000;

/** Tells the network that workers may join at `port`, until the returned function is called. */
export function announceRoot(port: number, onTrouble: (why: string) => void): () => Promise<void> {
  // The network may be gone, or its port be taken: then nobody finds us, and all else goes on.
  const bonjour = new Bonjour({}, (error: Error) => onTrouble(error.message));
  bonjour.publish({ name: `${hostname()} ${process.pid}`, type: TYPE, port, probe: false });
  return () =>
    new Promise((resolve) => {
      bonjour.unpublishAll(() => bonjour.destroy(() => resolve()));
    });
}

/** Calls `found` for each root that says that it is there, again and again, until the returned function is called. */
export function findRoots(found: (address: Address) => void, onTrouble: (why: string) => void): () => void {
  const bonjour = new Bonjour({}, (error: Error) => onTrouble(error.message));
  const tell = (service: Service): void => {
    const host = usable(service);
    if (host !== undefined) found({ host, port: service.port });
  };
  const browser = bonjour.find({ type: TYPE }, tell);
  const timer = setInterval(() => {
    browser.expire();
    for (const service of [...browser.services]) tell(service);
    browser.update();
  }, ASK_AGAIN_MS);
  return () => {
    clearInterval(timer);
    browser.stop();
    bonjour.destroy();
  };
}

/** Numbers first: names that end in .local need a resolver that not every system has. */
function usable({ addresses = [], referer, host }: Service): string | undefined {
  return referer?.address ?? addresses.find((address) => address.includes('.')) ?? addresses[0] ?? host;
}
