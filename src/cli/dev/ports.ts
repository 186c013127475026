/** Where the gateway listens on this machine, unless somebody says otherwise. */
export const PORT = 8787

/** Where the provider of local people listens. */
export const providerPort = (port: number): number => port + 1

/** Where the page is shown. */
export const pagePort = (port: number): number => port + 2

/** An address as its own origin is written. */
export const local = (port: number): string => new URL(`http://127.0.0.1:${port}`).origin

/** The addresses that follow from the gateway's port. */
export const addressesHere = (port: number): { gateway: string; provider: string; page: string } => ({
  gateway: local(port),
  provider: local(providerPort(port)),
  page: local(pagePort(port)),
})
