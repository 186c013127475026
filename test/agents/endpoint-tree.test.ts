import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileEndpoints, keyOfPath } from '../../src/agents/endpoint-tree'
import { type Endpoint, read } from '../../src/agents/endpoints'

const tree = (...paths: readonly string[]) =>
  compileEndpoints(
    paths.map((path) => read(path, path, 'nobody')),
    () => true,
  )
/** The row that a path matches, or undefined. */
const rowOf = (find: ReturnType<typeof tree>, path: string): string | undefined => {
  const found = find('GET', path)
  return found && 'endpoint' in found ? found.endpoint.path : undefined
}

describe('paths and their endpoints (T9)', () => {
  it.each([
    ['/admin', '/admin'],
    ['/admin/', '/admin'],
    ['/%61dmin', '/admin'],
    ['/ADMIN', undefined],
    ['/Admin/', undefined],
    ['/%41dmin', undefined],
    ['/admin/wipe/', '/admin/wipe'],
    ['/admin/WIPE', undefined],
    ['/admin/WIPE/all', undefined],
    ['/users/@me', '/users/@me'],
    ['/users/%40me', '/users/@me'],
    ['/users/%40ME', undefined],
    ['/users/alice', '/users/:user'],
    ['/USERS/alice', undefined],
    ['/$batch', '/$batch'],
    ['/%24batch', '/$batch'],
    ['/%24Batch', undefined],
    ['/documents/1:publish', '/documents/:id:publish'],
    ['/documents/1%3Apublish', '/documents/:id:publish'],
    ['/documents/1%3apublish/', '/documents/:id:publish'],
    ['/documents/1:PUBLISH', undefined],
    ['/documents/1:other', '/documents/:id'],
    ['/documents/1', '/documents/:id'],
    ['/anything', '/*'],
    ['/anything/else/', '/*'],
    // The Kelvin sign is a k to servers that fold by Unicode.
    ['/%E2%84%AAind', undefined],
  ])('the endpoint for the path %s is %s', (path, row) => {
    const paths = [
      '/admin',
      '/admin/wipe',
      '/users/@me',
      '/users/:user',
      '/$batch',
      '/documents/:id:publish',
      '/documents/:id',
    ]
    expect(rowOf(tree(...paths, '/kind', '/*'), path)).toBe(row)
  })

  it('a path segment that differs from a literal segment only in letter case does not match a path parameter', () => {
    expect(rowOf(tree('/users/me/keys', '/:kind/:id/keys'), '/users/ME/keys')).toBeUndefined()
    expect(rowOf(tree('/users/me/keys', '/:kind/:id/keys'), '/teams/ME/keys')).toBe('/:kind/:id/keys')
  })

  it('a path with a slash at the end matches a wildcard only if the path without that slash is not listed', () => {
    expect(rowOf(tree('/p', '/p/*'), '/p/')).toBe('/p')
    expect(rowOf(tree('/p/*'), '/p/')).toBe('/p/*')
    expect(rowOf(tree('/p/*'), '/p')).toBeUndefined()
  })

  it('path parameters keep their original percent-encoding', () => {
    const found = tree('/documents/:id:publish', '/documents/:id')('GET', '/documents/a%20b%40c:publish')
    expect(found).toMatchObject({ params: { id: 'a%20b%40c' } })
    expect(tree('/documents/:id:publish')('GET', '/documents/a%20b%3Apublish')).toMatchObject({
      params: { id: 'a%20b' },
    })
  })

  /** The spellings of a path that a server takes for the same. */
  type Server = (path: string) => readonly string[]
  const encoded = (text: string, pick: number) =>
    [...text].map((one, index) => (index === pick % text.length ? `%${one.charCodeAt(0).toString(16)}` : one)).join('')
  const segmentwise = (path: string, change: (segment: string) => string) => path.split('/').map(change).join('/')
  const servers: Record<string, (pick: number) => Server> = {
    'Express 5': (pick) => (path) => [
      `${path}/`,
      path.toUpperCase(),
      segmentwise(path, (s) => (pick % 2 ? s : s.toUpperCase())),
    ],
    Starlette: (pick) => (path) => [segmentwise(path, (s) => (s === '' ? s : encoded(s, pick)))],
    'ASP.NET': (pick) => (path) => [
      `${path.toUpperCase()}/`,
      segmentwise(path, (s) => (s === '' ? s : encoded(s.toUpperCase(), pick))),
    ],
    Go: (pick) => (path) => [`${segmentwise(path, (s) => (s === '' ? s : encoded(s, pick)))}/`],
  }
  const word = fc.constantFrom('admin', 'users', '@me', '$batch', 'a,b', "it's", 'x=1', 'wipe', '(all)', 'k')
  const segment = fc.oneof({ weight: 3, arbitrary: word }, { weight: 1, arbitrary: fc.constant(':id') })
  const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join('/')}`)

  it.each(Object.keys(servers))(
    'a spelling that %s reads as a listed path matches the endpoint of that path in the gateway, or no endpoint',
    (name) => {
      fc.assert(
        fc.property(fc.array(path, { minLength: 1, maxLength: 6 }), fc.boolean(), fc.nat(), (paths, isWide, pick) => {
          const find = tree(...paths, ...(isWide ? ['/*'] : []))
          for (const listed of paths.filter((each) => !each.includes(':'))) {
            const row = rowOf(find, listed)
            for (const spelling of servers[name]?.(pick)(listed) ?? [])
              expect([row, undefined], `${spelling} among ${paths}`).toContain(rowOf(find, spelling))
          }
        }),
        { numRuns: 500 },
      )
    },
  )

  it('paths that a server could confuse have the same key, and other paths have different keys', () => {
    const same = ['/Admin/@me', '/admin/%40ME/', '/ADMIN/@Me']
    expect(new Set(same.map(keyOfPath)).size).toBe(1)
    const others = ['/a', '/a/:b', '/a/:b:publish', '/a/*', '/a/b', '/']
    expect(new Set(others.map(keyOfPath)).size).toBe(others.length)
    expect(keyOfPath('/a/:one')).toBe(keyOfPath('/a/:other'))
  })

  it('the look-up of a path with a wrong method returns the allowed methods, even if the path has another spelling', () => {
    const endpoints: Endpoint[] = [read('notes', '/notes', 'nobody')]
    expect(compileEndpoints(endpoints, () => true)('POST', '/notes/')).toEqual({ allow: ['GET'] })
  })
})
