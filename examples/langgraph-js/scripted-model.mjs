import { setTimeout as sleep } from 'node:timers/promises'
import { SimpleChatModel } from '@langchain/core/language_models/chat_models'
import { AIMessageChunk } from '@langchain/core/messages'
import { ChatGenerationChunk } from '@langchain/core/outputs'

/**
 * A chat model that needs no model provider. It streams a given text word by word, at a given pace,
 * until it is told to stop.
 */
export class ScriptedModel extends SimpleChatModel {
  constructor({ text, pause, silence = 0 }) {
    super({})
    this.words = text.split(/(?<= )/)
    this.pause = pause
    this.silence = silence
  }

  _llmType() {
    return 'scripted'
  }

  async _call() {
    return this.words.join('')
  }

  async *_streamResponseChunks(_messages, options, runManager) {
    await sleep(this.silence, undefined, { signal: options.signal })
    for (const text of this.words) {
      await sleep(this.pause, undefined, { signal: options.signal })
      yield new ChatGenerationChunk({ text, message: new AIMessageChunk({ content: text }) })
      await runManager?.handleLLMNewToken(text)
    }
  }
}
