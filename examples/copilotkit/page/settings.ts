/** The addresses and the client. The defaults are those of `npm start` in the repository's root. */
export const runtimeUrl: string = import.meta.env.VITE_RUNTIME_URL ?? 'http://127.0.0.1:8787/agents/copilotkit'
export const issuer: string = import.meta.env.VITE_ISSUER_URL ?? 'http://127.0.0.1:8788'
export const clientId: string = import.meta.env.VITE_CLIENT_ID ?? 'sallyport-app'
