import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { freePort } from '../../test/support/port.ts'
import { scratchFolder } from '../folder.ts'
import { type Running, start } from '../process.ts'
import { AUDIENCE } from '../tokens.ts'
import type { World } from '../world.ts'
import { provide } from './debian.ts'

const MODULES = '/usr/lib/apache2/modules'
const modules = {
  mpm_event: 'mod_mpm_event',
  authn_core: 'mod_authn_core',
  authz_core: 'mod_authz_core',
  authz_user: 'mod_authz_user',
  headers: 'mod_headers',
  proxy: 'mod_proxy',
  proxy_http: 'mod_proxy_http',
  auth_openidc: 'mod_auth_openidc',
}

/**
 * Starts Apache with mod_auth_openidc, which verifies tokens. It caches the tokens that it has
 * verified.
 */
export async function startApache({ origin, tokens }: World): Promise<Running> {
  const { root, env } = provide(
    ['/usr/sbin/apache2', `${MODULES}/mod_auth_openidc.so`],
    ['apache2-bin', 'libapache2-mod-auth-openidc'],
  )
  const port = await freePort()
  const folder = await scratchFolder('apache')
  const { pem, kid } = tokens.keys.RS256
  await writeFile(path.join(folder, 'key.pem'), pem)
  const file = path.join(folder, 'apache.conf')
  await writeFile(
    file,
    `ServerRoot ${folder}
ServerName 127.0.0.1
Listen 127.0.0.1:${port}
PidFile ${folder}/apache.pid
ErrorLog ${folder}/error.log
LogLevel crit
${Object.entries(modules)
  .map(([name, library]) => `LoadModule ${name}_module ${root}${MODULES}/${library}.so`)
  .join('\n')}
User www-data
Group www-data
StartServers 1
ServerLimit 1
ThreadsPerChild 128
MaxRequestWorkers 128
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 600
DefaultRuntimeDir ${folder}
OIDCOAuthVerifyCertFiles ${kid}#${folder}/key.pem
OIDCOAuthRemoteUserClaim sub
OIDCOAuthTokenExpiryClaim exp absolute mandatory
ProxyPass / http://127.0.0.1:${origin.port}/ keepalive=On max=128 ttl=600
<Location "/">
  AuthType oauth20
  <RequireAll>
    Require claim iss:${tokens.issuer}
    Require claim aud:${AUDIENCE}
  </RequireAll>
  RequestHeader set x-user-id "expr=%{REMOTE_USER}"
  RequestHeader unset authorization
</Location>
`,
  )
  const args = ['-DFOREGROUND', '-f', file]
  return start({ name: 'Apache + mod_auth_openidc', command: `${root}/usr/sbin/apache2`, args, port, env })
}
