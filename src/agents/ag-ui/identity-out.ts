import { isObject, type Json, parseLooseJson } from '../../json'
import { all, cutFrom, type Edit, items, members, removed } from '../../json-edit'
import type { AnswerChange } from '../answer-change'
import { CONFIGURATIONS, type IdentityChannels, identityHeaders, namesInState } from '../identity'
import { identityRemoved } from '../identity-removed'

const without = (names: readonly string[]): Edit => members(Object.fromEntries(names.map((name) => [name, removed])))

/**
 * Members of LangGraph's events that contain the state of a graph: the input and output of a node,
 * whole or in parts.
 */
const RAW_STATES = new Set(['input', 'inputs', 'output', 'outputs', 'chunk', 'state', 'values'])

/** Edits that remove identity from the answers of an AG-UI agent. */
interface IdentityPlaces {
  readonly state: Edit
  readonly event: Edit
}

/**
 * Makes edits that remove identity from the events of AG-UI (1.0). The places are: the state and
 * `forwardedProps` of `RUN_STARTED.input`, `STATE_SNAPSHOT`, the JSON Patches of `STATE_DELTA`, and
 * LangGraph's events in `RAW` and `rawEvent`.
 *
 * Not checked: other places where an agent writes, such as a message or a `CUSTOM` event.
 *
 * @param inState members of the state that hold identity
 * @param inProps members of `forwardedProps` that hold identity
 * @param headers that carry identity
 */
function identityPlaces(
  inState: readonly string[],
  inProps: readonly string[],
  headers: readonly string[],
): IdentityPlaces {
  const state = without(inState)
  const props = without(inProps)
  const raw = all(cutFrom(RAW_STATES, new Set(inState)), cutFrom(CONFIGURATIONS, new Set(headers)))
  const input = members({ state, forwardedProps: props, forwarded_props: props })
  const edits = new Map([
    ['RUN_STARTED', members({ input, rawEvent: raw })],
    ['STATE_SNAPSHOT', members({ snapshot: state, rawEvent: raw })],
    ['STATE_DELTA', members({ delta: items(patchWithout(inState, state)), rawEvent: raw })],
    ['RAW', members({ event: raw, rawEvent: raw })],
  ])
  const other = members({ rawEvent: raw })
  return {
    state,
    event(text) {
      const event = parseLooseJson(text)
      return ((isObject(event) && edits.get(String(event.type))) || other)(text)
    },
  }
}

/**
 * Makes an edit for one operation of a JSON Patch (RFC 6902). An operation on a member in `names`
 * is removed. If an operation sets the whole state, these members are removed from the new state.
 */
const patchWithout =
  (names: readonly string[], state: Edit): Edit =>
  (text) => {
    const operation = parseLooseJson(text)
    if (!isObject(operation)) return text
    if (names.includes(firstOf(operation.path)) || names.includes(firstOf(operation.from))) return undefined
    return operation.path === '' ? members({ value: state })(text) : text
  }

/**
 * Returns the first name in a JSON Pointer, which is a member of the state. In RFC 6901, `~1` means
 * a slash and `~0` a tilde.
 */
function firstOf(pointer: Json | undefined): string {
  const [, first = ''] = typeof pointer === 'string' ? pointer.split('/') : []
  return first.replaceAll('~1', '/').replaceAll('~0', '~')
}

/**
 * Makes the change that removes identity from AG-UI events, and from answers that are not streams.
 * @param alsoInState more members of the state, in which the agent itself stores identity
 * @param answerOf makes the edit for an answer that is not a stream. Absent: such answers stay
 *   unchanged, because only the caller reads them
 */
export function withoutIdentity(
  channels: IdentityChannels,
  {
    alsoInState = [],
    answerOf = () => (text) => text,
  }: {
    readonly alsoInState?: readonly string[]
    readonly answerOf?: (places: IdentityPlaces) => Edit
  } = {},
): AnswerChange | undefined {
  const own = namesInState(channels)
  const inState = own.length > 0 ? [...own, ...alsoInState] : []
  const inProps = Object.keys(channels.forwardedProps)
  // Runtimes forward these headers to agents, which store them with the run.
  const headers = channels.headers ? Object.keys(identityHeaders) : []
  const places = identityPlaces(inState, inProps, headers)
  return identityRemoved([...inState, ...inProps, ...headers], { event: places.event, answer: answerOf(places) })
}
