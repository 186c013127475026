/** The addresses and the client id. The defaults fit `npm start` in the root of the repository. */
export const runtimeUrl: string = import.meta.env.VITE_RUNTIME_URL ?? 'http://127.0.0.1:8787/agents/copilotkit'
export const issuer: string = import.meta.env.VITE_ISSUER_URL ?? 'http://127.0.0.1:8788'
export const clientId: string = import.meta.env.VITE_CLIENT_ID ?? 'sallyport-app'
