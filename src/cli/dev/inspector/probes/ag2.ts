import type { Probe } from './probe'

/**
 * Matches wrong names for the parameter in which an AG2 tool should receive the user's identity.
 */
const MEANT = /^(?:ctx|context|context_?vars?|contextVariables|run_?context|variables|auth_?user|user_?context)$/i
const MOST_TOOLS = 100

interface ToolEvent {
  readonly type?: string
  readonly toolCallId?: string
  readonly toolCallName?: string
  readonly delta?: string
}

/**
 * Returns a probe that finds an AG2 tool whose context parameter has a wrong name. AG2 0.x does not
 * fill such a parameter, so the model invents a value for it.
 */
export function ag2Probe(): Probe {
  const calls = new Map<string, { readonly tool: string; args: string }>()
  return ({ json }, { adapter }) => {
    if (adapter.kind !== 'ag2' || typeof json !== 'object' || json === null) return undefined
    const { type, toolCallId = '', toolCallName = '', delta = '' } = json as ToolEvent
    if (type === 'TOOL_CALL_START' && calls.size < MOST_TOOLS) calls.set(toolCallId, { tool: toolCallName, args: '' })
    const call = calls.get(toolCallId)
    if (!call) return undefined
    if (type === 'TOOL_CALL_ARGS') call.args += delta
    if (type !== 'TOOL_CALL_END' && type !== 'TOOL_CALL_RESULT') return undefined
    calls.delete(toolCallId)
    const name = namesIn(call.args).find((each) => MEANT.test(each))
    if (name === undefined) return undefined
    return `the model filled the parameter "${name}" of the tool "${call.tool}" with a value of its own. AG2 0.x fills exactly this one:
    context_variables: ContextVariables`
  }
}

function namesIn(args: string): readonly string[] {
  try {
    return Object.keys(JSON.parse(args))
  } catch {
    return []
  }
}
