import { isObject, type Json, parseJson } from '../../json'
import { type Edit, items, members, removed } from '../../json-edit'
import type { AnswerChange } from '../answer-change'
import { type IdentityChannels, namesInState } from '../identity'
import { identityRemoved } from '../identity-removed'

const without = (names: readonly string[]): Edit => members(Object.fromEntries(names.map((name) => [name, removed])))

/** Edits that take identity out of what an AG-UI agent gives back. */
interface IdentityPlaces {
  readonly state: Edit
  readonly event: Edit
}

/**
 * Identity in the answers of AG-UI (1.0): in the state and the props of `RUN_STARTED.input`, in `STATE_SNAPSHOT`, in the JSON Patches of
 * `STATE_DELTA`, and in the events of LangGraph that `RAW` and `rawEvent` hold, whose `data` has states.
 *
 * Not looked at: what an agent writes elsewhere, as in a message or a `CUSTOM` event.
 *
 * @param inState members of the state that the gateway put there
 * @param inProps the same of `forwardedProps`
 */
function identityPlaces(inState: readonly string[], inProps: readonly string[]): IdentityPlaces {
  const state = without(inState)
  const props = without(inProps)
  const raw = members({ data: members({ input: state, output: state, chunk: state }) })
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
      const event = parseJson(text)
      return ((isObject(event) && edits.get(String(event.type))) || other)(text)
    },
  }
}

/** One operation of a JSON Patch (RFC 6902), which goes if it touches such a member, and which may bring a whole state. */
const patchWithout =
  (names: readonly string[], state: Edit): Edit =>
  (text) => {
    const operation = JSON.parse(text) as Json
    if (!isObject(operation)) return text
    if (names.includes(firstOf(operation.path)) || names.includes(firstOf(operation.from))) return undefined
    return operation.path === '' ? members({ value: state })(text) : text
  }

/** The member of the state that a JSON Pointer leads into. RFC 6901: `~1` is a slash, `~0` a tilde. */
function firstOf(pointer: Json | undefined): string {
  const [, first = ''] = typeof pointer === 'string' ? pointer.split('/') : []
  return first.replaceAll('~1', '/').replaceAll('~0', '~')
}

/**
 * Takes identity out of the events of AG-UI, and out of other answers as a kind has them.
 * @param alsoInState more members of the state, under which the agent itself puts it there
 * @param answerOf makes the edit of an answer that is no stream. Absent: such answers are for the caller alone
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
  const [inState, inProps] = [namesInState(channels), Object.keys(channels.forwardedProps)]
  const names = [...inState, ...inProps]
  const places = identityPlaces([...inState, ...alsoInState], inProps)
  return identityRemoved(names.length > 0 ? [...names, ...alsoInState] : names, {
    event: places.event,
    answer: answerOf(places),
  })
}
