import { CopilotChat, CopilotKitProvider, useCopilotKit } from '@copilotkit/react-core/v2'
import { useState } from 'react'
import { runtimeUrl } from './settings.ts'
import { type SignedIn, signIn } from './sign-in.ts'
import { type Trouble, troubleOf, worse } from './trouble.ts'

interface AppProps {
  person: SignedIn | undefined
  /** An error that occurred before the page was shown. */
  before: Trouble | undefined
}

/**
 * The app of CopilotKit's quickstart. The `headers` of the CopilotKit provider contain the user's
 * token.
 */
export function App({ person, before }: AppProps) {
  const [agent, setAgent] = useState('default')
  const [trouble, setTrouble] = useState(before)

  return (
    <CopilotKitProvider
      runtimeUrl={runtimeUrl}
      headers={person ? { Authorization: `Bearer ${person.token}` } : {}}
      useSingleEndpoint={false}
      agentId={agent}
      enableInspector={false}
      onError={({ error }) => setTrouble((known) => worse(known, troubleOf(error)))}
    >
      <header>
        <h1>Copilot</h1>
        <AgentChoice chosen={agent} onChoose={setAgent} />
        <Person person={person} />
      </header>
      {trouble && <Notice {...trouble} />}
      <main>
        <CopilotChat key={agent} labels={{ chatInputPlaceholder: 'Say something' }} />
      </main>
    </CopilotKitProvider>
  )
}

function Person({ person }: { person: SignedIn | undefined }) {
  if (!person) return <SignInButton>Sign in</SignInButton>
  return (
    <>
      <span className="person" data-testid="person">
        {person.name} <small>{person.email}</small>
      </span>
      <SignInButton>Switch</SignInButton>
    </>
  )
}

function SignInButton({ children }: { children: string }) {
  const [failure, setFailure] = useState<string>()
  return (
    <button
      type="button"
      className="sign-in"
      data-testid="sign-in"
      title={failure}
      onClick={() => signIn().catch((error: Error) => setFailure(error.message))}
    >
      {failure ? 'Sign-in failed' : children}
    </button>
  )
}

function Notice({ status, title, text }: Trouble) {
  return (
    <p className="notice" role="alert" data-testid="notice" data-status={status}>
      <b>{title}</b> {text}
    </p>
  )
}

/** Shows the agents of the runtime, if there is more than one. */
function AgentChoice({ chosen, onChoose }: { chosen: string; onChoose(agent: string): void }) {
  const { copilotkit } = useCopilotKit()
  const agents = Object.keys(copilotkit.agents)
  if (agents.length < 2) return null
  return (
    <select aria-label="Agent" data-testid="agent" value={chosen} onChange={({ target }) => onChoose(target.value)}>
      {agents.map((agent) => (
        <option key={agent}>{agent}</option>
      ))}
    </select>
  )
}
