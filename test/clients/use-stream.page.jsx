/* A chat as the guide of LangGraph's `useStream` writes it, with two buttons. The token stands behind `#` in the address. */
import { useStream } from '@langchain/langgraph-sdk/react'
import { useState } from 'react'
import { createRoot } from 'react-dom/client'

function Chat() {
  const [failure, setFailure] = useState('')
  const stream = useStream({
    apiUrl: API_URL,
    assistantId: 'agent',
    messagesKey: 'messages',
    defaultHeaders: { authorization: `Bearer ${location.hash.slice(1)}` },
    onError: (error) => setFailure(String(error)),
  })
  const say = (content) => () => stream.submit({ messages: [{ type: 'human', content }] })
  return (
    <>
      <button type="button" data-testid="slow" onClick={say('count to 60')}>
        slow
      </button>
      <button type="button" data-testid="hello" onClick={say('hello')}>
        hello
      </button>
      <p data-testid="state">{stream.isLoading ? 'streams' : 'idle'}</p>
      <p data-testid="failure">{failure}</p>
      <ol data-testid="messages">
        {stream.messages.map(({ id, type, content }, index) => (
          <li key={id ?? index}>{`${type}: ${content}`}</li>
        ))}
      </ol>
    </>
  )
}

createRoot(document.getElementById('root')).render(<Chat />)
