import { Refusal } from '../../errors/refusal'
import { isObject, type Json, plainName, refuseOtherSpellings, removeSpellings } from '../../json'
import type { Identity } from '../adapter'
import { describe, FORGED_NAMES, forgedNames } from '../identity'

/**
 * Members of `forwardedProps` that callers may not set, in addition to the names of identity
 * fields. They are tokens, and members that make a runtime call an address, change its
 * configuration, send traces elsewhere or end other runs. Agents that copy `forwardedProps` into a
 * run would obey them.
 */
const FORBIDDEN_PROPS = new Set(
  [
    'authorization',
    'webhook',
    'config',
    'context',
    'metadata',
    'headers',
    'mcp_servers',
    'mcp_endpoints',
    '__proxied_mcp_request',
    'langsmith_tracer',
    'multitask_strategy',
    'if_not_exists',
    'on_completion',
    'on_disconnect',
  ].map(plainName),
)

/**
 * Members of LangGraph's `Command` other than `resume`. They overwrite the state, which contains
 * identity, and choose where a graph continues. If a command is present, the agent does not read
 * the state in the run's input.
 */
const WRITES_STATE = new Set(['update', 'goto', 'graph'])

/** Both spellings of `forwardedProps`, because Python servers accept snake_case too. */
export const PROPS_NAMES = ['forwardedProps', 'forwarded_props']

/** The members of `RunAgentInput` (AG-UI 1.0), each name in lower case. */
const MEMBERS = new Set(
  [
    'threadId',
    'runId',
    'parentRunId',
    'protocolVersion',
    'state',
    'messages',
    'tools',
    'context',
    'forwardedProps',
    'resume',
  ].map(plainName),
)

/**
 * Removes identity that the caller put into a `RunAgentInput`. Then it adds the verified identity
 * to `state` and `forwardedProps`, if the route says so. It changes `body` itself.
 *
 * @throws Refusal `body-invalid` for a body that is not a `RunAgentInput`, and for a member in
 *   another spelling
 */
export function withIdentity(body: Json, { channels, principal }: Identity): Json {
  if (!isObject(body)) throw new Refusal('body-invalid', 'RunAgentInput is not an object')
  removeSpellings(body, FORGED_NAMES)
  refuseOtherSpellings(body, MEMBERS)
  const state = body.state ?? undefined
  const forged = forgedNames(channels)
  if (isObject(state)) removeSpellings(state, forged)
  for (const name of PROPS_NAMES) {
    const props = body[name]
    if (!isObject(props)) continue
    removeSpellings(props, FORBIDDEN_PROPS)
    removeSpellings(props, forged)
    for (const [key, value] of Object.entries(props)) {
      if (!isObject(value)) continue
      if (plainName(key) === 'command') removeSpellings(value, WRITES_STATE)
      // `threadMetadata` becomes the metadata of a LangGraph thread.
      if (plainName(key) === 'threadmetadata') removeSpellings(value, forged)
    }
  }
  if (!principal) return body

  if (channels.state !== false) {
    if (state !== undefined && !isObject(state)) throw new Refusal('body-invalid', 'state is not an object')
    const described = describe(principal, channels.state.fields)
    const { key } = channels.state
    body.state = { ...state, ...(key === undefined ? described : { [key]: described }) }
  }
  const props = describe(principal, channels.forwardedProps)
  if (Object.keys(props).length > 0) {
    const given = body.forwardedProps ?? body.forwarded_props ?? {}
    if (!isObject(given)) throw new Refusal('body-invalid', 'forwardedProps is not an object')
    body.forwardedProps = { ...given, ...props }
    delete body.forwarded_props
  }
  return body
}
