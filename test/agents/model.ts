import { createRequire } from 'node:module'
import path from 'node:path'
import { root } from '../support/build'
import { ready } from '../support/packages'
import { startTap, type TappedCall } from './tap'

export interface Model {
  /** The value of `OPENAI_BASE_URL`. */
  readonly env: { readonly OPENAI_API_KEY: string; readonly OPENAI_BASE_URL: string }
  /** The requests to the model since it was last cleared. */
  readonly calls: TappedCall[]
  close(): Promise<void>
}

/** The account that the model always looks up. */
const LOOKUP = { account_id: 'A1' }
/**
 * The call of a model that was talked into naming another person, wherever tools have their
 * context.
 */
const SOMEBODY_ELSE = { auth_user: { user_id: 'root' } }
const TALKED_OVER = {
  ...LOOKUP,
  ...SOMEBODY_ELSE,
  context: { ...SOMEBODY_ELSE, data: SOMEBODY_ELSE },
  context_variables: { ...SOMEBODY_ELSE, data: SOMEBODY_ELSE },
  ctx: { variables: SOMEBODY_ELSE, session: { state: SOMEBODY_ELSE } },
}

interface Mock {
  readonly url: string
  on(match: object, reply: object, options?: object): Mock
  start(): Promise<string>
  stop(): Promise<void>
}

/**
 * An OpenAI endpoint without a model (`aimock`): it calls the account tool and then says so; "talk"
 * makes it name another user, "slow" makes it speak for a long time. A tap before it keeps every
 * request as it came: the journal of aimock blots keys out.
 */
export async function startModel(): Promise<Model> {
  await ready('test/agents')
  const require = createRequire(path.join(root, 'test/agents/package.json'))
  const { LLMock } = require('@copilotkit/aimock') as { LLMock: new (options: object) => Mock }
  const mock = new LLMock({ port: 0, logLevel: 'silent' })
  const callTool = (input: object) => ({ toolCalls: [{ id: 'call_1', name: 'get_account_data', arguments: input }] })
  mock.on({ hasToolResult: true }, { content: 'That is your account.' })
  mock.on({ userMessage: 'account' }, callTool(LOOKUP))
  mock.on({ userMessage: 'talk' }, callTool(TALKED_OVER))
  // Microsoft Agent Framework leaves out a piece that is equal to all the text so far, so no word
  // comes twice.
  const words = Array.from({ length: 150 }, (_, index) => `w${100 + index} `).join('')
  mock.on({ userMessage: 'slow' }, { content: words }, { latency: 50, chunkSize: 5 })
  await mock.start()

  const tap = await startTap(mock.url)
  return {
    env: { OPENAI_API_KEY: 'the-key-of-the-model', OPENAI_BASE_URL: `${tap.url}/v1` },
    calls: tap.calls,
    async close() {
      await tap.close()
      await mock.stop()
    },
  }
}
