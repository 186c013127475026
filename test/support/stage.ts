import { type IdentityProvider, startIdentityProvider } from '../../examples/identity-provider/provider.ts'
import type { Issuer, Route } from '../../src/config/define'
import { bearer, issuerOf } from './fixtures'
import { startGateway, type TestGateway } from './gateway'

/** An identity provider and a gateway that trusts it: what every test of streams stands on. */
export interface Stage {
  readonly provider: IdentityProvider
  readonly gateway: TestGateway
  /** Headers of a person who is signed in. */
  readonly alice: { authorization: string }
  readonly bob: { authorization: string }
  close(): Promise<void>
}

export async function openStage(routes: (trust: readonly Issuer[]) => readonly Route[], port?: number): Promise<Stage> {
  const provider = await startIdentityProvider()
  const gateway = await startGateway({
    routes: routes([issuerOf(provider.issuer)]),
    ...(port !== undefined && { port }),
  })
  const [alice, bob] = await Promise.all([provider.token('alice'), provider.token('bob')])
  return {
    provider,
    gateway,
    alice: bearer(alice),
    bob: bearer(bob),
    async close() {
      await gateway.close()
      await provider.close()
    },
  }
}

/** Waits for something to become true, and says what it was when it does not. */
export async function eventually(what: string, isTrue: () => boolean, seconds = 10): Promise<number> {
  const began = performance.now()
  while (!isTrue()) {
    if (performance.now() - began > seconds * 1000) throw new Error(`not after ${seconds} seconds: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return performance.now() - began
}
