import { existsSync, readFileSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import { ConfigurationError } from '../config/fault'
import type { Command } from './command'
import { complain, say } from './print'
import { ProjectError } from './project'

/**
 * The commands, by name. A command is loaded only when it is called, because some commands need
 * more packages than others.
 */
const commands = {
  dev: async () => (await import('./dev/dev')).dev,
  token: async () => (await import('./dev/token')).token,
  add: async () => (await import('./add/add')).add,
  check: async () => (await import('./check/check')).check,
  routes: async () => (await import('./routes')).routes,
  explain: async () => (await import('./explain/explain')).explain,
  schema: async () => (await import('./schema')).schema,
  keys: async () => (await import('./keys')).keys,
  threads: async () => (await import('./threads')).threads,
  revoke: async () => (await import('./revoke')).revoke,
} as const satisfies Record<string, () => Promise<Command>>

/** One sentence about each command, in the order in which users need them. */
const usage: Readonly<Record<keyof typeof commands, string>> = {
  dev: 'runs the gateway on this machine',
  token: 'prints a token for one of the local people',
  add: 'writes a route or an identity provider',
  check: 'finds faults in the configuration before a deploy',
  routes: 'lists the routes',
  explain: 'shows why a token is accepted or refused, and what happens to a request',
  schema: 'prints the JSON Schema of a route',
  keys: 'makes and rotates the secrets of the gateway',
  threads: 'prints the owner ids and thread ids that an agent sees',
  revoke: 'ends the access of a person, a key or an issuer to a running gateway, or closes a route',
}

/**
 * Runs one command.
 * @param args the command's name and its arguments
 * @param root the folder of the project
 * @returns the exit code: 0 if all is well, 1 if faults were found, 2 for a command that does not
 * exist
 */
export async function run([name = 'help', ...args]: readonly string[], root = process.cwd()): Promise<number> {
  if (['help', '--help', '-h'].includes(name)) {
    say(helpText())
    return 0
  }
  if (name === '--version' || name === '-v') {
    say(ownVersion())
    return 0
  }
  if (!isCommand(name)) {
    complain(`There is no command "${name}".\n\n${helpText()}`)
    return 2
  }
  const command = await commands[name]()
  try {
    if (args.includes('--help') || args.includes('-h')) {
      say(command.usage)
      return 0
    }
    return await command.run(args, root)
  } catch (thrown) {
    const isMisused = thrown instanceof Error && 'code' in thrown && String(thrown.code).startsWith('ERR_PARSE_ARGS')
    complain(isMisused ? `${thrown.message.split('. ')[0]}.\n\n${command.usage}` : messageOf(thrown))
    return 1
  }
}

/**
 * Returns the version of the package, from the package.json in the folder above the built commands.
 */
function ownVersion(): string {
  const file = new URL('../package.json', import.meta.url)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version : 'from source'
}

const isCommand = (name: string): name is keyof typeof commands => Object.hasOwn(commands, name)

const helpText = (): string =>
  [
    'usage: sallyport COMMAND [options]\n',
    ...Object.entries(usage).map(([name, text]) => `  ${name.padEnd(9)} ${text}`),
    '\nsallyport COMMAND --help lists the options of a command.',
  ].join('\n')

/**
 * Returns the message of an error that the user can correct. For any other error, also returns its
 * name, and its stack on request.
 */
function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  const isSaid =
    thrown instanceof ProjectError ||
    thrown instanceof ConfigurationError ||
    thrown.constructor === Error ||
    'code' in thrown
  if (isSaid) return stripVTControlCharacters(thrown.message)
  if (process.env.SALLYPORT_DEBUG) return thrown.stack ?? thrown.message
  return `${thrown.name}: ${stripVTControlCharacters(thrown.message)}\n\nThe error came from a file of the project, or from Sallyport. SALLYPORT_DEBUG=1 before the command shows where.`
}
