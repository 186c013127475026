/**
 * The store of API keys. On Cloudflare it is a KV namespace, so other locations see a change after
 * a delay.
 */
export interface KeyNamespace {
  get(name: string, options: { readonly type: 'text'; readonly cacheTtl: number }): Promise<string | null>
}

/** API keys that a route trusts, in one namespace. */
export interface TrustedKeys {
  /** The id under which policies/ defines them. */
  readonly id: string
  /** The issuer that callers with these keys are said to come from. */
  readonly issuer: string
  readonly issuerId: string
  readonly subjectPrefix: string
  /** The name of the binding of the KV namespace. */
  readonly binding: string
  readonly namespace: KeyNamespace
}
