import type { Json } from '../agents/adapter'
import type { Principal } from '../authentication/principal'
import { Refusal } from '../errors/refusal'
import type { Ports } from '../ports'
import { type Ids, idsOf } from './ids'
import { createOwners, type Sharing } from './owner'
import { createSeen } from './ownership-cache'

/** What the agent said to a question of the gate's own. */
export interface Told {
  readonly status: number
  /** Undefined where it is not JSON, and where it was not waited for. */
  readonly answer: Json | undefined
}

/**
 * What of an answer is waited for: all of it; its status alone, however long it is; or its end, of which nothing but the status
 * is told.
 */
export type Awaited = 'answer' | 'status' | 'end'

/** Asks the agent something on the caller's behalf, with the caller's identity. The path is below the route. */
export type Ask = (method: 'GET' | 'POST' | 'PATCH', path: string, body?: Json, awaited?: Awaited) => Promise<Told>

/** What a kind of agent needs to keep one caller's threads apart from others'. */
export interface Keeper {
  readonly owner: string
  readonly ids: Ids
  /** A new id that nobody has had. */
  newId(): string
  /** Whether a thread without an owner becomes the property of whoever comes first. */
  readonly claimsUnowned: boolean
  /** Whether the route offers an operation to the caller and its policies permit it. */
  permits(operation: string): boolean
  readonly ask: Ask
  /** Threads that lately turned out to be the caller's. */
  readonly seen: {
    isOwn(thread: string): boolean
    /** Called before the agent is asked. What it returns notes what the agent says is the caller's. */
    asking(): (thread: string) => void
    forget(thread: string): void
    /** Whether somebody else's thread was deleted under this id lately. */
    isReserved(thread: string): boolean
  }
}

/** What a keeper needs to know of the route. */
export interface KeptRoute {
  readonly id: string
  readonly threads: Sharing
  readonly claimsUnowned: boolean
}

export type KeeperOf = (
  principal: Principal,
  route: KeptRoute,
  means: Pick<Keeper, 'permits' | 'ask'>,
) => Promise<Keeper>

/** Shorter ones can be guessed. */
const MIN_SECRET_CHARS = 32

/** What is wrong with the secret, without a word of it. */
export function threadSecretFault(secret: string | undefined): string | undefined {
  if (secret === undefined) return 'is not set'
  return secret.length < MIN_SECRET_CHARS ? `has fewer than ${MIN_SECRET_CHARS} characters` : undefined
}

/**
 * @param secret of the threads; read when it is first needed
 * @returns what throws Refusal `configuration-incomplete` without a secret and `tenant-missing` without a tenant
 */
export function createKeepers(
  secret: string | undefined,
  { now, randomId }: Pick<Ports, 'now' | 'randomId'>,
): KeeperOf {
  const ownerOf = createOwners()
  const seen = createSeen(now)
  let key: Promise<CryptoKey> | undefined

  return async (principal, { id: route, threads, claimsUnowned }, means) => {
    if (threads === 'shared') throw new Error('threads that are shared have no keeper')
    if (threadSecretFault(secret)) throw new Refusal('configuration-incomplete', 'THREAD_SECRET')
    key ??= importSecret(secret ?? '')
    const owner = await ownerOf(principal, threads)
    return {
      ...means,
      owner,
      newId: randomId,
      claimsUnowned,
      ids: idsOf(await key, route, owner),
      seen: {
        isOwn: (thread) => seen.isOwn(route, thread, owner),
        asking: () => seen.asking(route, owner),
        forget: (thread) => seen.forget(route, thread, owner),
        isReserved: (thread) => seen.isReserved(route, thread, owner),
      },
    }
  }
}

/** The key of derived and sealed ids. */
export const importSecret = (secret: string): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', new TextEncoder().encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
    'verify',
  ])
