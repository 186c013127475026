import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { contentToText, type Event, EventType, type RunAgentInput } from '@ag-ui/core'
import { type AuthUser, scriptedReply } from './reply.ts'

/**
 * Runs the agent once: it sends the state, then an answer word by word, until the signal aborts.
 */
export async function* run(input: RunAgentInput, signal: AbortSignal): AsyncGenerator<Event> {
  const { threadId, runId } = input
  const state = (input.state ?? {}) as { auth_user?: AuthUser }
  const question = input.messages.findLast((message) => message.role === 'user')
  const { text, pause, silence = 0 } = scriptedReply(contentToText(question?.content) ?? '', state.auth_user)

  yield { type: EventType.RUN_STARTED, threadId, runId, input }
  yield { type: EventType.STATE_SNAPSHOT, snapshot: { ...state, turns: input.messages.length } }

  await sleep(silence, undefined, { signal })
  const messageId = randomUUID()
  yield { type: EventType.TEXT_MESSAGE_START, messageId, role: 'assistant' }
  for (const delta of text.split(/(?<= )/)) {
    await sleep(pause, undefined, { signal })
    yield { type: EventType.TEXT_MESSAGE_CONTENT, messageId, delta }
  }
  yield { type: EventType.TEXT_MESSAGE_END, messageId }
  yield { type: EventType.RUN_FINISHED, threadId, runId }
}
