import { aliceAndBob } from '../src/cli/dev/identity-provider/people.ts'
import { requestToken } from '../src/cli/dev/identity-provider/request-token.ts'
import { resourceIndicator } from '../src/cli/dev/identity-provider/resource.ts'
import { readPorts } from './local/ports.ts'
import { local } from './local/services.ts'

// Prints a bearer of the running local provider, and nothing else: TOKEN=$(npm run -s token -- alice)
const args = process.argv.slice(2)
const person = args.find((arg) => !arg.startsWith('-')) ?? ''
const algorithm = args.includes('--es256') ? 'ES256' : 'RS256'
const names = aliceAndBob.map(({ sub }) => sub)

if (!names.includes(person)) fail(`Usage: npm run -s token -- <${names.join('|')}> [--es256]`)

const issuer = local(readPorts().identityProvider)
try {
  console.log(await requestToken(issuer, person, resourceIndicator({ algorithm, audience: 'agents' })))
} catch (error) {
  const { cause, message } = error as Error
  fail(cause ? `No identity provider answers at ${issuer}. Start it with "npm start".` : message)
}

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}
