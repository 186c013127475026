import type { Keeper } from '../threads/context'
import type { Endpoint, Json } from './adapter'

/** A request on its way to the agent, as far as ids can stand in it. */
export interface Passing {
  /** Of the endpoint's path, still percent-encoded. */
  readonly params: Readonly<Record<string, string>>
  /** With its `?`, or empty. */
  readonly query: string
  readonly headers: Headers
  /** Cleared of forged identity already. */
  readonly body: Json | undefined
}

/** What has to be done to the agent's answer, so that the caller finds its own ids in it. */
export interface Restoration {
  /** Changes the reply's headers, whose names are in lower case; it is called before the others. */
  headers?(headers: Record<string, string>): Promise<void>
  /** Whole events of a stream, as text. Absent: streams pass unread. */
  events?(text: string): string | Promise<string>
  /**
   * An answer that is no stream, as text.
   * @throws Refusal `thread-unknown` where it turns out to be somebody else's
   */
  answer?(text: string): string | Promise<string>
}

export type Kept = Passing & { readonly restoration?: Restoration | undefined }

/** How a kind of agent keeps the threads of its callers apart. */
export interface ThreadKeeping {
  /** Operations on what is everybody's and cannot be kept apart: offered only where the route says `threads: 'shared'`. */
  readonly sharedOnly: ReadonlySet<string>
  /**
   * Lets a request touch nothing but what is its caller's: it puts ids in place of the caller's, or finds out whose a thread is.
   * @throws Refusal `thread-unknown`, for what is somebody else's and for what does not exist alike; `body-invalid` for what is no
   *   id; `field-forbidden`; and what asking the agent throws
   */
  keep(
    passing: Passing,
    asked: { readonly endpoint: Endpoint; readonly operations: readonly string[] },
    keeper: Keeper,
  ): Promise<Kept>
}
