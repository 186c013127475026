import { Annotation, END, MessagesAnnotation, START, StateGraph } from '@langchain/langgraph'
import { scriptedReply } from './reply.mjs'
import { ScriptedModel } from './scripted-model.mjs'

const State = Annotation.Root({
  ...MessagesAnnotation.spec,
  /** The values about its user that this run could read. This example exists to show them. */
  seen: Annotation(),
})

/**
 * Returns the values about the user. LangGraph copies `x-*` request headers into the run's
 * `configurable`. Custom auth puts its user there, as `langgraph_auth_user`.
 */
function seenIdentity(configurable = {}) {
  const names = Object.keys(configurable).filter((name) => name.startsWith('x-') || name.startsWith('langgraph_auth_'))
  return Object.fromEntries(names.sort().map((name) => [name, configurable[name]]))
}

async function answer(state, config) {
  const seen = seenIdentity(config.configurable)
  const model = new ScriptedModel(scriptedReply(state.messages.at(-1)?.text ?? '', seen))
  return { messages: [await model.invoke(state.messages, config)], seen }
}

export const graph = new StateGraph(State)
  .addNode('answer', answer)
  .addEdge(START, 'answer')
  .addEdge('answer', END)
  .compile()
