import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline/promises'
import { parseArgs } from 'node:util'

const KINDS = ['langgraph', 'ag2', 'maf', 'ag-ui', 'copilotkit', 'mcp', 'a2a', 'http']
const PROVIDERS =
  'entra auth0 okta keycloak cognito clerk workos supabase firebase google cloudflare-access zitadel authentik openiddict oidc'.split(
    ' ',
  )

const USAGE = `usage: npm create sallyport@latest FOLDER [-- options]
  --agent     the kind of agent: ${KINDS.join(', ')}
  --id        the agent's name in the address, /agents/NAME (default: its kind)
  --url       the agent's address, such as http://127.0.0.1:2024
  --provider  the identity provider: ${PROVIDERS.join(', ')}
  --issuer    the provider's issuer, exactly the iss of its tokens
  --audience  the audience (aud) of its access tokens
  --no-install  writes the template's files, and installs no packages
In a terminal, the command asks for missing options. Otherwise it leaves them out.`

/**
 * Writes a gateway project into a new folder and installs its packages. Then runs the project's own
 * `sallyport add` to write the identity provider and the route.
 * @param {readonly string[]} args the arguments of the command, as the user typed them
 * @returns {Promise<number>} the exit code
 */
export async function create(args) {
  const text = /** @type {const} */ ({ type: 'string' })
  const options = {
    ...{ agent: text, id: text, url: text, provider: text, issuer: text, audience: text },
    ...{ 'no-install': { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  }
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  if (values.help) {
    console.log(USAGE)
    return 0
  }
  if (positionals.length > 1)
    throw new Error(
      `${positionals.slice(1).join(' ')} is not expected here. Write two dashes before the options:\n\n${USAGE}`,
    )
  const asked = await answers(values, positionals[0])
  const folder = path.resolve(asked.folder)
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    console.error(`The folder ${folder} already exists and is not empty. Nothing was written.`)
    return 1
  }
  writeTemplate(folder)
  console.log(`\nWrote ${path.relative('', folder) || '.'}/`)
  const left = ['npm install', ...additions(asked).map((added) => `npx sallyport add ${added.join(' ')}`)]
  const toDo = `Run these in the new folder:\n\n${left.map((line) => `  ${line}`).join('\n')}`
  if (values['no-install']) {
    console.log(`\n${toDo}\n`)
    return 0
  }
  console.log('Installing its packages, which takes half a minute …')
  if (run(folder, 'npm', ['install', '--no-audit', '--no-fund', '--loglevel=error']) !== 0) {
    console.error(`\nThe packages were not installed: npm says why above. ${toDo}\n`)
    return 1
  }
  for (const added of additions(asked))
    if (run(folder, 'npx', ['--no-install', 'sallyport', 'add', ...added]) !== 0) return 1
  console.log(nextSteps(asked, folder))
  return 0
}

/** Returns the options of the command line, and asks the person for missing ones. */
async function answers(values, given) {
  const asked = { ...values, folder: given ?? 'my-gateway' }
  check(asked)
  if (!process.stdin.isTTY || !process.stdout.isTTY) return asked
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  /** Asks the person a question until the answer is valid. */
  const ask = async (name, question, standard) => {
    while (asked[name] === undefined) {
      const answer = (await terminal.question(`${question}${standard ? ` (${standard})` : ''}: `)).trim()
      if (answer === '' && standard === undefined) return
      const why = faultOf(name, answer === '' ? standard : answer)
      if (why) console.error(why)
      else asked[name] = answer === '' ? standard : answer
    }
  }
  try {
    if (given === undefined) {
      asked.folder = undefined
      await ask('folder', 'Folder', 'my-gateway')
    }
    await ask('agent', `Kind of agent: ${KINDS.join(', ')}`, 'langgraph')
    await ask('id', 'Its name in the address, /agents/NAME', 'support')
    await ask('url', "The agent's address", 'http://127.0.0.1:2024')
    await ask('provider', `Identity provider: ${PROVIDERS.join(', ')} (oidc: any other)`, 'oidc')
    await ask(
      'issuer',
      'Its issuer, exactly the `iss` of its tokens (leave empty to write it into policies/login.ts later)',
    )
    await ask('audience', 'The audience of its access tokens (leave empty to write it into policies/login.ts later)')
  } finally {
    terminal.close()
  }
  return asked
}

/** @returns {string | undefined} a text that says what is wrong with an answer, if anything is */
function faultOf(name, value) {
  const isAddress = /^https?:\/\/[^/]/.test(value) && URL.canParse(value)
  if (name === 'agent' && !KINDS.includes(value)) return `There is no kind of agent "${value}".`
  if (name === 'provider' && !PROVIDERS.includes(value)) return `There is no provider "${value}".`
  if (name === 'id' && !/^[a-z][a-z0-9-]{0,62}$/.test(value))
    return `"${value}" is not a name: use small letters, digits and dashes.`
  if (name === 'url' && !isAddress) return `"${value}" is not an address. Write it like http://127.0.0.1:2024.`
  if (name === 'issuer' && !isAddress) return `"${value}" is not an issuer. Write it like https://login.acme.com.`
  return undefined
}

function check(asked) {
  for (const [name, value] of Object.entries(asked)) {
    const why = value === undefined ? undefined : faultOf(name, value)
    if (why) fail(why)
  }
  const { agent, url } = asked
  if (url !== undefined && agent === undefined && !process.stdin.isTTY)
    fail('--url needs --agent, which names the kind of agent at this address.')
}

function fail(why) {
  throw new Error(`${why}\n\n${USAGE}`)
}

/**
 * Writes the files of the template. npm leaves files such as .gitignore out of packages, so the
 * template has them under other names.
 */
function writeTemplate(folder) {
  mkdirSync(folder, { recursive: true })
  cpSync(path.join(import.meta.dirname, 'template'), folder, { recursive: true })
  renameSync(path.join(folder, 'gitignore'), path.join(folder, '.gitignore'))
  renameSync(path.join(folder, 'package.template.json'), path.join(folder, 'package.json'))
  const name = path
    .basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
  const { version } = JSON.parse(readFileSync(path.join(import.meta.dirname, 'package.json'), 'utf8'))
  for (const file of ['package.json', 'wrangler.toml']) {
    const at = path.join(folder, file)
    const text = readFileSync(at, 'utf8')
      .replaceAll('NAME', name || 'gateway')
      .replaceAll('VERSION', version)
    writeFileSync(at, text)
  }
}

/** Returns the arguments for each call of `sallyport add`. */
function additions({ agent, id, url, provider, issuer, audience }) {
  const flags = [...(issuer ? ['--issuer', issuer] : []), ...(audience ? ['--audience', audience] : [])]
  // A route must trust an issuer, so a project gets a provider even if the user named none.
  const ofProvider = [['provider', provider ?? 'oidc', ...flags]]
  return url === undefined ? ofProvider : [...ofProvider, [agent, id ?? agent, url]]
}

function run(cwd, command, args) {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit', shell: process.platform === 'win32' })
  return status ?? 1
}

function nextSteps({ url, issuer }, folder) {
  const edit =
    issuer === undefined ? '\n  (write the issuer and the audience of your provider into policies/login.ts)' : ''
  const add = url === undefined ? '\n  npx sallyport add langgraph support http://127.0.0.1:2024' : ''
  return `
Next:
  cd ${path.relative('', folder) || '.'}${add}${edit}
  npm start          starts the gateway on this machine, at port 8787 (another: npm start -- --port 9000)
  npm test           runs the examples of your policies, and tests the gateway in workerd
  npm run check      finds faults in the configuration before a deploy`
}
