/**
 * Where API keys are looked up. On Cloudflare it is a KV namespace, which other places learn of
 * late.
 */
export interface KeyNamespace {
  get(name: string, options: { readonly type: 'text'; readonly cacheTtl: number }): Promise<string | null>
}

/** API keys that a route trusts. */
export interface TrustedKeys {
  /** Id in policies/. */
  readonly id: string
  /** Vouches for the people that keys stand for. */
  readonly issuer: string
  readonly issuerId: string
  readonly subjectPrefix: string
  /** The namespace's binding. */
  readonly binding: string
  readonly namespace: KeyNamespace
}
