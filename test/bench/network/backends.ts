/** What a guest's network card leads to. */
export const BACKENDS = {
  user: 'QEMU user',
  passt: 'passt',
  boxlite: 'BoxLite',
} as const;

export type BackendName = keyof typeof BACKENDS;

export const backendNames = (): BackendName[] => Object.keys(BACKENDS) as BackendName[];

/** Two guests each: for what passes between them. */
export type GuestNumber = 1 | 2;

/** Where guests serve. */
export const GUEST_PORT = 7000;
/** Where the host serves, at an address that is not its loopback. */
export const HOST_PORT = 7001;
const FIRST_PUBLISHED = 7100;

/** The port of the host's loopback at which a guest's port is published. */
export function publishedPort(backend: BackendName, guest: GuestNumber): number {
  return FIRST_PUBLISHED + 10 * backendNames().indexOf(backend) + guest;
}

/** Each uses what it comes with: QEMU's announces segments for 1,500 bytes and takes no larger ones. */
export const MTU: Record<BackendName, number> = { user: 1500, passt: 65_520, boxlite: 65_520 };

/** How a guest reaches the other: by BoxLite's named network, else by the other's published port on the host. */
export function otherGuest(backend: BackendName): string {
  if (backend === 'boxlite') return `${memberAddress(2)} ${GUEST_PORT}`;
  return `10.0.2.2 ${publishedPort(backend, 2)}`;
}

export const memberAddress = (guest: GuestNumber): string => `172.18.0.${guest + 10}`;

export function netdev(backend: BackendName, guest: GuestNumber, socket: string): string {
  switch (backend) {
    case 'user': {
      const from = `tcp:127.0.0.1:${publishedPort('user', guest)}`;
      return `user,id=net0,net=10.0.2.0/24,hostfwd=${from}-10.0.2.15:${GUEST_PORT}`;
    }
    case 'passt':
      return `stream,id=net0,server=off,addr.type=unix,addr.path=${socket}`;
    case 'boxlite':
      // As planQemu has it; start-vmm passes the descriptor.
      return 'socket,id=net0,fd=22';
  }
}

/** passt's arguments for the network that the others have, too. */
export function passtArguments(guest: GuestNumber, socket: string): string[] {
  const published = `127.0.0.1/${publishedPort('passt', guest)}:${GUEST_PORT}`;
  return [
    // In the bench's own namespaces: another user could not reach its directory.
    ...['--runas', '0', '--log-file', `${socket}.log`],
    ...['--foreground', '--quiet', '--ipv4-only', '--socket', socket, '--interface', 'wan'],
    ...['--address', '10.0.2.15', '--netmask', '24', '--gateway', '10.0.2.2'],
    ...['--dns-forward', '10.0.2.3', '--tcp-ports', published, '--udp-ports', 'none'],
  ];
}
