import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { freePort } from '../../test/support/port.ts'
import { scratchFolder } from '../folder.ts'
import { type Running, start } from '../process.ts'
import { AUDIENCE } from '../tokens.ts'
import type { World } from '../world.ts'
import { provide } from './debian.ts'

/**
 * Starts HAProxy, which verifies signatures itself. Its configuration compares the claims one by
 * one, and its key is a file.
 */
export async function startHaproxy({ origin, tokens }: World): Promise<Running> {
  const { root, env } = provide(['/usr/sbin/haproxy'], ['haproxy'])
  const port = await freePort()
  const folder = await scratchFolder('haproxy')
  const key = path.join(folder, 'key.pem')
  await writeFile(key, tokens.keys.RS256.pem)
  const file = path.join(folder, 'haproxy.cfg')
  await writeFile(
    file,
    `global
  nbthread 1
  maxconn 4000
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  option http-no-delay
  http-reuse always
frontend gate
  bind 127.0.0.1:${port}
  http-request set-var(txn.bearer) http_auth_bearer
  http-request set-var(txn.alg) http_auth_bearer,jwt_header_query('$.alg')
  http-request set-var(txn.iss) http_auth_bearer,jwt_payload_query('$.iss')
  http-request set-var(txn.aud) http_auth_bearer,jwt_payload_query('$.aud')
  http-request set-var(txn.exp) http_auth_bearer,jwt_payload_query('$.exp','int')
  http-request set-var(txn.sub) http_auth_bearer,jwt_payload_query('$.sub')
  http-request set-var(txn.now) date()
  http-request deny deny_status 401 unless { var(txn.alg) -m str RS256 }
  http-request deny deny_status 401 unless { var(txn.iss) -m str ${tokens.issuer} }
  http-request deny deny_status 401 unless { var(txn.aud) -m str ${AUDIENCE} }
  http-request deny deny_status 401 if { var(txn.exp),sub(txn.now) -m int lt 0 }
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_verify(txn.alg,"${key}") -m int 1 }
  http-request set-header x-user-id %[var(txn.sub)]
  http-request del-header authorization
  default_backend agent
backend agent
  server agent 127.0.0.1:${origin.port}
`,
  )
  return start({ name: 'HAProxy', command: `${root}/usr/sbin/haproxy`, args: ['-f', file], port, env })
}
