import { idOfKey, nameOfKey } from '../../authentication/api-key/form'
import { readRecord } from '../../authentication/api-key/record'
import type { LoadedRoute } from '../../config/loaded-route'
import { endText } from '../api-key-record'
import { openKv } from '../kv'

/** The explanation of an API key, and the caller whom the key identifies. */
export interface KeyExplanation {
  readonly text: string
  readonly isAccepted: boolean
}

/**
 * Explains an API key: first its form, then its record in KV, on this machine or in a deployment.
 * The result does not contain the key itself.
 * @param routes the routes that the explanation is about
 */
export async function explainKey(
  root: string,
  key: string,
  routes: readonly LoadedRoute[],
  { env, isRemote }: { readonly env: string | undefined; readonly isRemote: boolean },
): Promise<KeyExplanation> {
  const trusting = routes.filter(({ trust }) => trust.apiKeys.length > 0)
  if (trusting.length === 0) return refused(['✗ routes: none of them trusts API keys'])
  const name = await nameOfKey(key)
  if (name === undefined)
    return refused([
      '✗ the form',
      '    found     a text of another form, or with a wrong checksum',
      '    expected  a whole key, exactly as it was printed',
    ])
  const lines = [`✓ the form: an API key, ${idOfKey(name)}`]
  const where = isRemote ? 'the deployed namespace' : "this machine's namespace (--remote asks the deployed one)"
  for (const binding of new Set(trusting.flatMap(({ trust }) => trust.apiKeys.map((keys) => keys.binding)))) {
    const kv = openKv(root, { binding, env, isRemote })
    const isThere = (await kv.list()).some((each) => each.name === name)
    const record = isThere ? readRecord(await kv.get(name)) : undefined
    if (!record) {
      lines.push(`✗ ${binding}: ${isThere ? 'a record that cannot be read' : 'no such key'} in ${where}`)
      continue
    }
    lines.push(`✓ ${binding}: "${record.label}", made ${record.createdAt}, in ${where}`)
    const { expiresAt, routes: limited, operations } = record
    const isInTime = expiresAt === undefined || Date.now() < expiresAt * 1000
    lines.push(`${isInTime ? '✓' : '✗'} the end: it ${endText(record)}`)
    const own = trusting.filter(({ trust }) => trust.apiKeys.some((keys) => keys.binding === binding))
    const open = own.filter(({ id }) => limited?.includes(id) ?? true)
    lines.push(`${open.length > 0 ? '✓' : '✗'} routes: ${limited?.join(', ') ?? 'all that trust it'}`)
    lines.push(
      '',
      `The caller is a ${record.kind === 'service' ? 'service' : 'person'}:`,
      `  user id  ${own[0]?.trust.apiKeys.find((keys) => keys.binding === binding)?.subjectPrefix ?? ''}${record.subject}`,
      `  roles    ${record.roles.join(', ') || 'none'}`,
      `  scopes   ${record.scopes.join(' ') || 'none'}`,
      `  tenant   ${record.tenant ?? 'none'}`,
      `  limited  ${operations?.join(', ') ?? 'only by the policies'}`,
    )
    const isAccepted = isInTime && open.length > 0
    lines.push(
      isAccepted
        ? `The gateway accepts this key at ${open.map(({ path }) => path).join(', ')}.`
        : 'The gateway refuses this key.',
    )
    return { text: lines.join('\n'), isAccepted }
  }
  return refused(lines)
}

const refused = (lines: readonly string[]): KeyExplanation => ({
  text: [...lines, '', 'The gateway refuses this key: token-invalid.'].join('\n'),
  isAccepted: false,
})
