/**
 * Types for the part of oidc-provider that is used here, because the package has no types of its
 * own.
 */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  export interface AdapterPayload {
    [field: string]: unknown
  }

  export interface Adapter {
    upsert(id: string, payload: AdapterPayload, expiresIn?: number): Promise<void>
    find(id: string): Promise<AdapterPayload | undefined>
    findByUid(uid: string): Promise<AdapterPayload | undefined>
    findByUserCode(userCode: string): Promise<AdapterPayload | undefined>
    consume(id: string): Promise<void>
    destroy(id: string): Promise<void>
    revokeByGrantId(grantId: string): Promise<void>
  }

  export interface Client {
    clientId: string
    redirectUris: string[]
    grantTypeAllowed(type: string): boolean
    redirectUriAllowed(uri: string): boolean
  }

  export interface Context {
    body: unknown
    type: string
    oidc: {
      client: Client
      params: Record<string, string | undefined>
      provider: Provider
      result?: { consent?: { grantId?: string } }
      session: { accountId: string; grantIdFor(clientId: string): string | undefined }
    }
  }

  export interface Grant {
    addOIDCScope(scope: string): void
    addResourceScope(resource: string, scope: string): void
    rejectResourceScope(resource: string, scope: string): void
    save(): Promise<string>
  }

  export interface AccessToken {
    accountId?: string
    resourceServer: unknown
    scope: string
    expiration: number
    tokenType: string
    save(): Promise<string>
  }

  export interface Interaction {
    uid: string
    prompt: { name: string }
    params: Record<string, unknown>
  }

  export class Provider {
    constructor(issuer: string, configuration: Record<string, unknown>)
    AccessToken: new (fields: {
      accountId: string
      client: Client
      gty: string
    }) => AccessToken
    Client: { prototype: Client }
    Grant: {
      new (fields: { accountId: string; clientId: string }): Grant
      find(id: string): Promise<Grant | undefined>
    }
    ResourceServer: new (
      identifier: string,
      info: object,
    ) => unknown
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>
    interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>
    registerGrantType(name: string, handler: (ctx: Context) => Promise<void>, parameters: string[]): void
    use(
      middleware: (
        ctx: { readonly path: string; readonly method: string; query: Record<string, unknown> },
        next: () => Promise<void>,
      ) => Promise<void>,
    ): void
    on(event: string, listener: (...details: unknown[]) => void): this
  }

  export const errors: {
    CustomOIDCProviderError: new (error: string, description: string) => Error
    InvalidTarget: new (description: string) => Error
  }
  export default Provider
}
