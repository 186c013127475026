import { Refusal } from '../errors/refusal'

/**
 * The longest URL. The assertion contains the URL too, and both are sent in headers, which origins
 * commonly limit to 16 KB together.
 */
const MAX_CHARS = 4096

/**
 * The characters that a segment may have: RFC 3986 pchar without the semicolon, which some servers
 * take for path parameters. Percent-encodings are allowed if a client has to write them: UTF-8
 * beyond ASCII, and characters with a meaning in URLs. The encodings of letters, digits and `- . _
 * ~` (a second spelling), `/ \ % ? # ;` (another path after decoding) and controls are not allowed.
 */
const SEGMENT =
  /^(?:[A-Za-z0-9\-._~!$&'()*+,=:@]|%(?:[89A-Fa-f][0-9A-Fa-f]|20|2[1246789ABCabc]|3[ACDEacde]|40|5[BDEbde]|60|7[BCDbcd]))+$/

/** One request's address, read once. `path` and `query` are forwarded unchanged. */
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
 * Reads a request's address. Nothing is normalised: a URL that is not canonical is refused, so that
 * the string which is matched, decided on and forwarded can only be read one way (T9 to T12 in
 * SECURITY.md).
 *
 * `Host` is only compared with the gateway's own hosts; it never enters a policy or a link. The
 * runtime has resolved dot segments and backslashes before any Worker code runs. The path that
 * remains is checked and sent.
 *
 * @throws Refusal `host-unknown`, `path-too-long`, `path-not-canonical` or `token-in-url`
 */
export function parseTarget(url: string, hosts: ReadonlySet<string>): Target {
  if (url.length > MAX_CHARS) throw new Refusal('path-too-long')
  const target = asItStands(url, hosts) ?? parsed(url, hosts)
  // RFC 6750 section 2.3 allows `access_token` in a URL and advises against it.
  if (target.query !== '' && new URLSearchParams(target.query).has('access_token')) throw new Refusal('token-in-url')
  return target
}

/** Matches host, path, and a query in which the URL standard has nothing to encode. */
const PARTS = /^https?:\/\/([^/?]+)(\/[^?]*)(\?[!$-&(-;=?-~]+)?$/

/**
 * Reads an address that a URL parser would not change, without a parser. To make one object of the
 * runtime costs more than all checks here.
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
 * Checks a path after the gateway has put an agent's id into it, by the same rule: an agent's ids
 * may contain any characters.
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
 * Matches segments of dots and spaces only. A server that decodes a path and then removes spaces
 * reads `..%20` as `..`.
 */
const DOTS_AND_SPACES = /^(?:\.|%20)+$/

function isSegment(segment: string): boolean {
  if (!SEGMENT.test(segment) || DOTS_AND_SPACES.test(segment)) return false
  if (!segment.includes('%')) return true
  try {
    decodeURIComponent(segment)
    return true
  } catch {
    return false // Not UTF-8, or an overlong form of something that was refused above.
  }
}
