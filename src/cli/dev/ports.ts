/** The gateway's port on this machine, unless another is given. */
export const PORT = 8787

/** The port of the local people's identity provider. */
export const providerPort = (port: number): number => port + 1

/** The port of the page. */
export const pagePort = (port: number): number => port + 2

/** Returns the origin of a port on this machine. */
export const local = (port: number): string => new URL(`http://127.0.0.1:${port}`).origin

/** Returns the addresses that follow from the gateway's port. */
export const addressesHere = (port: number): { gateway: string; provider: string; page: string } => ({
  gateway: local(port),
  provider: local(providerPort(port)),
  page: local(pagePort(port)),
})
