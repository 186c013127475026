/**
 * The store of API keys. On Cloudflare it is a KV namespace; other locations see its changes late.
 */
export interface KeyNamespace {
  get(name: string, options: { readonly type: 'text'; readonly cacheTtl: number }): Promise<string | null>
}

/** API keys that a route trusts. */
export interface TrustedKeys {
  /** Id in policies/. */
  readonly id: string
  /** The issuer of the callers that keys stand for. */
  readonly issuer: string
  readonly issuerId: string
  readonly subjectPrefix: string
  /** The namespace's binding. */
  readonly binding: string
  readonly namespace: KeyNamespace
}
