import type { RevocationKind } from '../limits/revocation-entry'
import type { Reason } from '../policy/reason'
import type { Sort } from '../threads/sort'
import type { RefusalCode } from './refusals'

/** The reason why a token was not accepted. */
export type TokenReason =
  | 'form'
  | 'opaque'
  | 'encrypted'
  | 'header'
  | 'algorithm'
  | 'type'
  | 'critical'
  | 'issuer'
  | 'key'
  | 'signature'
  | 'audience'
  | 'not-yet-valid'
  | 'lifetime'
  | 'subject'
  | 'id-token'
  | 'refresh-token'
  | 'logout-token'
  | 'sender-constrained'
  | `revoked ${RevocationKind}`
  | 'key-form'
  | 'key-unknown'
  | 'key-route'
  | `claim-missing ${string}`
  | `claim-invalid ${string}`

/** One or several reasons of a policy's decision, with spaces between them. */
export type PolicyReasons = Reason | `${Reason} ${string}`

/**
 * A name that comes from the configuration or from the runtime, such as an issuer's id or an
 * error's class.
 */
type Name = string

/**
 * The gateway's reasons for a refusal, for the audit line and for tests. Each code has a closed
 * list of reasons. A reason contains no text from the caller, except an unknown host. A refusal
 * code that is not listed here needs no reason.
 */
interface Reasons {
  'path-not-canonical': 'the path would change the host'
  'host-unknown': Name
  'thread-unknown': 'id'
  'cors-origin-refused': 'websocket' | Name
  'credential-ambiguous': 'body' | 'two kinds'
  'token-invalid': TokenReason
  /** The id of the API keys in policies/. */
  'api-keys-unavailable': Name
  'policy-denied': PolicyReasons
  'scope-insufficient': PolicyReasons
  /** The rate limit that was exceeded, as `policy/name`. */
  'rate-limited': Name
  'field-forbidden': 'status' | 'tenant' | 'webhook'
  'body-invalid':
    | `${Sort} id`
    | 'RunAgentInput is not an object'
    | 'a member in another spelling'
    | 'a member in two spellings'
    | 'a parameter twice'
    | 'a resource name'
    | 'a task is named otherwise here'
    | 'an answer in a request'
    | 'an envelope'
    | 'body is not an object'
    | 'forwardedProps is not an object'
    | 'interruptEvent'
    | 'more than one namespace'
    | 'name'
    | 'namespace'
    | 'no envelope'
    | 'not JSON'
    | 'not JSON-RPC 2.0'
    | 'not an object'
    | 'not one A2A request'
    | 'parameters'
    | 'resource path'
    | 'resource/request'
    | 'resume'
    | 'state is not an object'
    | 'thread_id'
    | 'thread_id and run_ids'
    | 'too deep'
    | 'too many ids'
    | 'too many messages'
  'header-mismatch': 'mcp-method' | 'mcp-name'
  'body-too-large': 'metadata'
  'media-type-refused': 'content-encoding' | 'content-type'
  'assertion-too-large': `${number} characters`
  'client-gone': 'upload cut'
  'origin-timeout': 'answer not whole'
  'origin-unreachable': 'answer cut' | 'reply cut' | Name
  'origin-reply-refused':
    | `${Question}: ${number}`
    | `interim status ${number}`
    | `unknown status ${number}`
    | 'content-length'
    | 'answer too large'
    | 'cannot be changed'
    | 'content-encoding'
    | 'redirect off the route'
    | 'too large to change'
    | 'type cannot be changed'
  /**
   * The credential that the agent did not accept: the assertion (and the secret, if there is one),
   * or only the secret.
   */
  'origin-unauthorized': 'assertion' | 'secret'
  'origin-busy': `${Question}: ${number}`
  'keys-unavailable': Name
  'signing-unavailable': 'signing failed' | `no ${string} key`
  'configuration-incomplete': Name
  'internal-error': Name
}

/** A fact that the gateway asked an agent for, without getting a usable answer. */
export type Question = 'owner of a thread' | 'owner of a cron' | 'runs of a thread' | 'thread of a run'

export type ReasonOf<Code extends RefusalCode> = Code extends keyof Reasons ? Reasons[Code] : never
