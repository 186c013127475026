import { isObject, type Json, parseLooseJson } from '../../json'
import { all, cutFrom, type Edit, items, members, removed } from '../../json-edit'
import type { AnswerChange } from '../answer-change'
import { CONFIGURATIONS, type IdentityChannels, identityHeaders, namesInState } from '../identity'
import { identityRemoved } from '../identity-removed'

const without = (names: readonly string[]): Edit => members(Object.fromEntries(names.map((name) => [name, removed])))

/**
 * The members of LangGraph's events that hold states: what a node was given and gave, as a whole or
 * piece by piece.
 */
const RAW_STATES = new Set(['input', 'inputs', 'output', 'outputs', 'chunk', 'state', 'values'])

/** Edits that take identity out of what an AG-UI agent gives back. */
interface IdentityPlaces {
  readonly state: Edit
  readonly event: Edit
}

/**
 * Identity in the answers of AG-UI (1.0): in the state and the props of `RUN_STARTED.input`, in
 * `STATE_SNAPSHOT`, in the JSON Patches of `STATE_DELTA`, and in the events of LangGraph that `RAW`
 * and `rawEvent` hold.
 *
 * Not looked at: what an agent writes elsewhere, as in a message or a `CUSTOM` event.
 *
 * @param inState members of the state that the gateway put there
 * @param inProps the same of `forwardedProps`
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
 * One operation of a JSON Patch (RFC 6902), which goes if it touches such a member, and which may
 * bring a whole state.
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
 * The member of the state that a JSON Pointer leads into. RFC 6901: `~1` is a slash, `~0` a tilde.
 */
function firstOf(pointer: Json | undefined): string {
  const [, first = ''] = typeof pointer === 'string' ? pointer.split('/') : []
  return first.replaceAll('~1', '/').replaceAll('~0', '~')
}

/**
 * Takes identity out of the events of AG-UI, and out of other answers as a kind has them.
 * @param alsoInState more members of the state, under which the agent itself puts it there
 * @param answerOf makes the edit of an answer that is no stream. Absent: such answers are for the
 *   caller alone
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
  // Runtimes hand these on to agents that keep them with the run.
  const headers = channels.headers ? Object.keys(identityHeaders) : []
  const places = identityPlaces(inState, inProps, headers)
  return identityRemoved([...inState, ...inProps, ...headers], { event: places.event, answer: answerOf(places) })
}
