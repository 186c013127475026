import { createRoot } from 'react-dom/client'
import '@copilotkit/react-core/v2/styles.css'
import './page.css'
import { App } from './app.tsx'
import { completeSignIn, type SignedIn } from './sign-in.ts'
import { type Trouble, troubleOf } from './trouble.ts'

let trouble: Trouble | undefined
let person: SignedIn | undefined
try {
  person = await completeSignIn()
} catch (error) {
  trouble = troubleOf(error as Error)
}
createRoot(document.getElementById('root') as HTMLElement).render(<App person={person} before={trouble} />)
