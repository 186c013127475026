import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { root } from './build'
import { installOnce } from './packages'
import { freePort } from './port'

export const KEYCLOAK = '26.7.3'
const cache = path.join(root, 'node_modules/.cache/sallyport/keycloak')
const home = path.join(cache, `keycloak-${KEYCLOAK}`)
const START_MS = 180_000

/** Keycloak's distribution, from Maven Central, with one realm. It takes Java 17 and Maven. */
export interface Keycloak {
  readonly issuer: string
  /** Asks its token endpoint. */
  tokens(form: Record<string, string>): Promise<Record<string, string>>
  close(): Promise<void>
}

/** @param realm as it is imported, with its name in `realm` */
export async function startKeycloak(realm: { readonly realm: string }): Promise<Keycloak> {
  await installOnce(
    'keycloak',
    async () => !existsSync(path.join(home, 'bin/kc.sh')),
    async () => {
      await mkdir(cache, { recursive: true })
      run(
        'mvn',
        '-q',
        '-B',
        'dependency:copy',
        `-Dartifact=org.keycloak:keycloak-quarkus-dist:${KEYCLOAK}:zip`,
        `-DoutputDirectory=${cache}`,
      )
      run('unzip', '-q', '-o', path.join(cache, `keycloak-quarkus-dist-${KEYCLOAK}.zip`), '-d', cache)
    },
  )
  // It writes into its own folder, so each start has one.
  const own = await mkdtemp(path.join(tmpdir(), 'sallyport-keycloak-'))
  await cp(home, own, { recursive: true })
  await mkdir(path.join(own, 'data/import'), { recursive: true })
  await writeFile(path.join(own, 'data/import/realm.json'), JSON.stringify(realm))
  const port = await freePort()
  const args = ['start-dev', '--import-realm', '--http-host=127.0.0.1', `--http-port=${port}`, '--cache=local']
  // Java goes with its script, since both are of one group.
  const child = spawn(path.join(own, 'bin/kc.sh'), args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const issuer = `http://127.0.0.1:${port}/realms/${realm.realm}`
  const close = async () => {
    await stop(child)
    await rm(own, { recursive: true, force: true })
  }
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()))
  for (let waited = 0; !(await answers(issuer)); waited += 500) {
    if (child.exitCode === null && waited < START_MS) {
      await sleep(500)
      continue
    }
    await close()
    throw new Error(`Keycloak did not come up:\n${output.slice(-3000)}`)
  }
  return {
    issuer,
    async tokens(form) {
      const body = new URLSearchParams(form)
      const reply = await fetch(`${issuer}/protocol/openid-connect/token`, { method: 'POST', body })
      if (!reply.ok) throw new Error(`${reply.status} ${await reply.text()}`)
      return (await reply.json()) as Record<string, string>
    },
    close,
  }
}

function run(command: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} failed: ${error?.message ?? stderr}`)
}

const answers = (issuer: string): Promise<boolean> =>
  fetch(issuer).then(
    ({ ok }) => ok,
    () => false,
  )

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return
  process.kill(-child.pid, 'SIGKILL')
  await once(child, 'exit')
}
