/** The default port of the gateway on this machine. */
export const PORT = 8787

/** Returns the port of the local identity provider, from the gateway's port. */
export const providerPort = (port: number): number => port + 1

/** Returns the port of the page of `sallyport dev`, from the gateway's port. */
export const pagePort = (port: number): number => port + 2

/** Returns the origin of a port on this machine. */
export const local = (port: number): string => new URL(`http://127.0.0.1:${port}`).origin

/** Returns the addresses of the local servers, from the gateway's port. */
export const addressesHere = (port: number): { gateway: string; provider: string; page: string } => ({
  gateway: local(port),
  provider: local(providerPort(port)),
  page: local(pagePort(port)),
})
