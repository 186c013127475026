import { Refusal } from '../errors/refusal'

/**
 * The most characters of a URL. The assertion contains the URL too. Origins commonly limit the URL
 * and all headers of a request, with the assertion, to 16 KB together.
 */
const MAX_CHARS = 4096

/**
 * The characters that a path segment may have: pchar of RFC 3986 without the semicolon, which some
 * servers read as the beginning of path parameters. Percent-encodings are allowed where a client
 * has to write them: for UTF-8 beyond ASCII, and for characters with a meaning in URLs. Three kinds
 * of encoded characters are refused. Encoded letters, digits and `- . _ ~` would be a second
 * spelling. Encoded `/ \ % ? # ;` could give another path after decoding. Encoded control
 * characters are refused too.
 */
const SEGMENT =
  /^(?:[A-Za-z0-9\-._~!$&'()*+,=:@]|%(?:[89A-Fa-f][0-9A-Fa-f]|20|2[1246789ABCabc]|3[ACDEacde]|40|5[BDEbde]|60|7[BCDbcd]))+$/

/**
 * The path and query of a request's URL, which is parsed only once. Both are forwarded unchanged.
 */
export interface Target {
  /**
   * The canonical path: it begins with a slash, and no segment is empty except perhaps the last
   * one.
   */
  readonly path: string
  /** The query with its question mark, or an empty text. */
  readonly query: string
}

/**
 * Reads a request's URL. The gateway normalises nothing, and refuses a URL that is not canonical.
 * So there is only one way to read the path that is matched, decided on and forwarded (T9 to T12 in
 * SECURITY.md).
 *
 * `Host` is only compared with the gateway's own hosts, and never used in a policy or a link. The
 * runtime resolves dot segments and backslashes before any Worker code runs. The gateway checks and
 * sends the path that results.
 *
 * @throws Refusal `host-unknown`, `path-too-long`, `path-not-canonical` or `token-in-url`
 */
export function parseTarget(url: string, hosts: ReadonlySet<string>): Target {
  if (url.length > MAX_CHARS) throw new Refusal('path-too-long')
  const target = asItStands(url, hosts) ?? parsed(url, hosts)
  // RFC 6750 section 2.3 defines `access_token` in a URL but advises against it. The gateway
  // refuses it.
  if (target.query !== '' && new URLSearchParams(target.query).has('access_token')) throw new Refusal('token-in-url')
  return target
}

/**
 * Matches a URL by its host, its path, and a query in which the URL standard would encode no
 * character.
 */
const PARTS = /^https?:\/\/([^/?]+)(\/[^?]*)(\?[!$-&(-;=?-~]+)?$/

/**
 * Reads a URL without a parser, if a URL parser would not change it. To create one `URL` object of
 * the runtime costs more time than all checks in this function.
 */
function asItStands(url: string, hosts: ReadonlySet<string>): Target | undefined {
  const [, host = '', path = '', query = ''] = PARTS.exec(url) ?? []
  return hosts.has(host) && isCanonical(path) ? { path, query } : undefined
}

function parsed(url: string, hosts: ReadonlySet<string>): Target {
  const { host, pathname, search } = new URL(url)
  if (!hosts.has(host)) throw new Refusal('host-unknown', host.slice(0, 100))
  if (!isCanonical(pathname)) throw new Refusal('path-not-canonical')
  return { path: pathname, query: search }
}

/**
 * Checks that a path is canonical after the gateway has put an agent's id into it, because an
 * agent's ids may contain any characters.
 * @throws Refusal `thread-unknown`
 */
export function checkedPath(path: string): string {
  if (!isCanonical(path)) throw new Refusal('thread-unknown', 'id')
  return path
}

function isCanonical(path: string): boolean {
  if (path === '/') return true
  const segments = path.slice(1).split('/')
  const last = segments.length - 1
  return segments.every((segment, index) => (segment === '' ? index === last : isSegment(segment)))
}

/**
 * Matches segments that consist only of dots and spaces. They are refused, because a server that
 * decodes a path and then removes spaces reads `..%20` as `..`.
 */
const DOTS_AND_SPACES = /^(?:\.|%20)+$/

function isSegment(segment: string): boolean {
  if (!SEGMENT.test(segment) || DOTS_AND_SPACES.test(segment)) return false
  if (!segment.includes('%')) return true
  try {
    decodeURIComponent(segment)
    return true
  } catch {
    return false // Not UTF-8, or an overlong encoding of a refused character.
  }
}
