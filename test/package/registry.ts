import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { spawnChild, untilReady } from '../../src/cli/dev/agents/child.ts'
import { root } from '../support/build'
import { ready } from '../support/packages'
import { freePort } from '../support/port'

/** A registry on loopback, which has our packages and takes all others from the usual one. */
export interface Registry {
  readonly env: NodeJS.ProcessEnv
  publish(tarball: string): void
  close(): Promise<void>
}

export async function startRegistry(): Promise<Registry> {
  await ready('test/package')
  const folder = await mkdtemp(path.join(tmpdir(), 'sallyport-registry-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/`
  const uplink = execFileSync('npm', ['config', 'get', 'registry'], { cwd: root, encoding: 'utf8' }).trim()
  const config = path.join(folder, 'config.yaml')
  const ours = { access: '$all', publish: '$anonymous' }
  await writeFile(
    config,
    // JSON is YAML.
    JSON.stringify({
      storage: path.join(folder, 'storage'),
      uplinks: { usual: { url: uplink } },
      packages: { sallyport: ours, 'create-sallyport': ours, '**': { access: '$all', proxy: 'usual' } },
      log: { type: 'stdout', level: 'warn' },
    }),
  )
  const options = {
    name: 'Registry',
    args: ['node_modules/verdaccio/bin/verdaccio', '--config', config, '--listen', `127.0.0.1:${port}`],
    cwd: path.join(root, 'test/package'),
    readyUrl: `${url}-/ping`,
    startSeconds: 60,
  }
  const child = spawnChild(options)
  await untilReady(child, options)
  const npmrc = path.join(folder, 'npmrc')
  // npm does not publish without a token, although this registry requires none.
  await writeFile(npmrc, `registry=${url}\n//127.0.0.1:${port}/:_authToken=none\n`)
  const env = { ...withoutOurs(process.env), npm_config_userconfig: npmrc, npm_config_registry: url }
  return {
    env,
    publish(tarball) {
      execFileSync('npm', ['publish', tarball, '--loglevel=error'], { env, stdio: 'pipe' })
    },
    async close() {
      await child.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** As in a terminal of a person who has only Node and npm. */
function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const given = Object.entries(env).filter(([name]) => !/^npm_|^VITEST|^NODE_ENV$|^TEST$/i.test(name))
  const folders = (env.PATH ?? '').split(path.delimiter).filter((folder) => !folder.startsWith(root))
  return {
    ...Object.fromEntries(given),
    PATH: [path.dirname(process.execPath), ...folders].join(path.delimiter),
    NO_COLOR: '1',
    WRANGLER_SEND_METRICS: 'false',
  }
}
