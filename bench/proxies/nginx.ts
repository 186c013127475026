import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { freePort } from '../../test/support/port.ts'
import { scratchFolder } from '../folder.ts'
import { type Running, start } from '../process.ts'
import { AUDIENCE } from '../tokens.ts'
import type { World } from '../world.ts'
import { provide } from './debian.ts'

const MODULE = '/usr/lib/nginx/modules/ngx_http_js_module.so'

/**
 * Starts nginx. Debian's nginx cannot verify JWTs. So a script in nginx's own JavaScript verifies
 * the token, in a subrequest before each request.
 */
export async function startNginx({ origin, tokens }: World): Promise<Running> {
  const { root, env } = provide(['/usr/sbin/nginx', MODULE], ['nginx-light', 'libnginx-mod-http-js'])
  const port = await freePort()
  const folder = await scratchFolder('nginx')
  const file = path.join(folder, 'nginx.conf')
  await writeFile(path.join(folder, 'auth.js'), script(tokens.keys.RS256.pem, tokens.issuer))
  await writeFile(
    file,
    `load_module ${root}${MODULE};
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log crit;
worker_rlimit_nofile 16384;
events { worker_connections 4096; }
http {
  js_path ${folder};
  js_import auth.js;
  access_log off;
  keepalive_requests 1000000;
  client_body_buffer_size 64k;
  client_max_body_size 8m;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  upstream agent {
    server 127.0.0.1:${origin.port};
    keepalive 64;
    keepalive_requests 1000000;
  }
  server {
    listen 127.0.0.1:${port};
    location = /_verify { internal; js_content auth.verify; }
    location / {
      auth_request /_verify;
      auth_request_set $user $sent_http_x_user_id;
      proxy_http_version 1.1;
      proxy_set_header connection "";
      proxy_set_header authorization "";
      proxy_set_header x-user-id $user;
      proxy_buffering off;
      proxy_pass http://agent;
    }
  }
}
`,
  )
  return start({ name: 'nginx + njs', command: `${root}/usr/sbin/nginx`, args: ['-p', folder, '-c', file], port, env })
}

function script(pem: string, issuer: string): string {
  const spki = pem.replaceAll(/-----.*-----|\s/g, '')
  return `
const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
async function verify(r) {
  try {
    const parts = r.headersIn.authorization.replace(/^Bearer /i, '').split('.')
    const header = JSON.parse(Buffer.from(parts[0], 'base64url'))
    const claims = JSON.parse(Buffer.from(parts[1], 'base64url'))
    const key = await crypto.subtle.importKey('spki', Buffer.from('${spki}', 'base64'), algorithm, false, ['verify'])
    const signed = Buffer.from(parts[0] + '.' + parts[1])
    const isSigned = await crypto.subtle.verify(algorithm, key, Buffer.from(parts[2], 'base64url'), signed)
    if (!isSigned || header.alg !== 'RS256' || claims.iss !== '${issuer}' || claims.aud !== '${AUDIENCE}' || claims.exp * 1000 < Date.now())
      return r.return(401)
    r.headersOut['x-user-id'] = claims.sub
    r.return(204)
  } catch (e) {
    r.return(401)
  }
}
export default { verify }
`
}
