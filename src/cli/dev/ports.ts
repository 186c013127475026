/** Where the gateway listens on this machine, unless somebody says otherwise. */
export const PORT = 8787

/** Where the provider of local people listens. */
export const providerPort = (port: number): number => port + 1

/** An address as its own origin is written. */
export const local = (port: number): string => new URL(`http://127.0.0.1:${port}`).origin
