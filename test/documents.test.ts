import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kinds } from '../src/agents/kinds'
import type { RefusalRow } from '../src/errors/refusal-row'
import { refusals } from '../src/errors/refusals'
import { claimOperators } from '../src/policy/claim-operators'
import { root } from './support/build'
import { type House, openHouse } from './support/house'

const read = (file: string) => readFileSync(path.join(root, file), 'utf8')
const run = (...command: readonly string[]): string => {
  const [name = '', ...args] = command
  const { stdout, stderr } = spawnSync(name, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 })
  return stdout + stderr
}
const files = run('git', 'ls-files').trim().split('\n')
const documents = files.filter((file) => file.endsWith('.md'))
const code = files.filter((file) => /\.(?:ts|js|mjs)$/.test(file))

/** A document without its blocks of code, which hold commands and no prose. */
const proseOf = (file: string): string => read(file).replaceAll(/^ *```.*?^ *```$/gms, '')

/** Comments of TypeScript and JavaScript, each as one line. */
const commentsOf = (text: string): string[] =>
  [...text.matchAll(/\/\*\*?(.*?)\*\/|(?:^[ \t]*\/\/.*\n)+/gms)].map(([comment]) =>
    comment.replaceAll(/\n?^[ \t]*(?:\/\/|\*\/|\*|\/\*\*?)/gm, ' ').replaceAll(/\s+/g, ' '),
  )

describe('reference tables', () => {
  it('the table in docs/errors.md lists every refusal with its status and its class', () => {
    const classes: Record<number, string> = { 401: 'sign-in', 404: 'not-found', 500: 'failed', 502: 'failed' }
    const classOf = ({ status, challenge, retryAfter }: RefusalRow) => {
      if (retryAfter !== undefined) return 'wait'
      if (status === 403) return challenge ? 'scope' : 'forbidden'
      return classes[status] ?? (challenge ? 'credential' : 'request')
    }
    const rows = read('docs/errors.md').matchAll(/^\| `([a-z-]+)` \| (\d{3}) \| ([a-z-]+) \|/gm)
    const listed = [...rows].map(([, name, status, group]) => `${name} ${status} ${group}`)
    const all = Object.entries<RefusalRow>(refusals)
    expect(listed.sort()).toEqual(all.map(([name, row]) => `${name} ${row.status} ${classOf(row)}`).sort())
  })

  it.each(Object.values(kinds))(
    'the documents list the agent kind $kind with its operations and link to a page about it',
    ({ kind, endpoints, bodyOperations = [] }) => {
      const reference = read('docs/configuration.md')
      expect(reference).toMatch(new RegExp(`^\\| \`agent\\.kind\` .*\`${kind}\``, 'm'))
      const [, operations = ''] = reference.split('| kind | operations (')
      const row = operations.split('\n').find((line) => line.split('|')[1]?.includes(`\`${kind}\``)) ?? ''
      // An address with many operations is none itself.
      const rows = [...endpoints.filter(({ named }) => !named), ...bodyOperations]
      for (const { operation } of rows) expect(row, kind).toContain(`\`${operation}`)
      for (const file of ['README.md', 'docs/agents.md']) expect(read(file)).toContain(`agents/${kind}.md`)
      expect(documents).toContain(`docs/agents/${kind}.md`)
    },
  )

  it.each(claimOperators)(
    'the reference, the policy guide and the decision tests name the claim operator %s',
    (operator) => {
      for (const file of ['docs/configuration.md', 'policies/README.md', 'test/policy/decision.test.ts'])
        expect(read(file), file).toMatch(new RegExp(`\\b${operator}\\b`))
    },
  )
})

describe('links in documents', () => {
  /** The anchors of a page, by the rule of GitHub. */
  const anchorsOf = (file: string): ReadonlySet<string> => {
    const seen = new Map<string, number>()
    return new Set(
      [...proseOf(file).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => {
        const slug = heading
          .toLowerCase()
          .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
          .replaceAll(' ', '-')
        const before = seen.get(slug) ?? 0
        seen.set(slug, before + 1)
        return before === 0 ? slug : `${slug}-${before}`
      }),
    )
  }
  const links = documents.flatMap((file) =>
    [...proseOf(file).matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]*))?\)/g)].map(([, to = '', anchor]) => ({
      from: file,
      to: to === '' ? file : path.normalize(path.join(path.dirname(file), to)),
      anchor,
    })),
  )

  it('links in documents lead to files that exist', () => {
    expect(links.length).toBeGreaterThan(150)
    // A project's own README is about files of that project.
    const own = links.filter(({ from }) => !from.startsWith('create-sallyport/template/'))
    expect(own.filter(({ to }) => !existsSync(path.join(root, to)))).toEqual([])
  })

  it('links in documents lead to headings that exist', () => {
    const dangling = links.filter(
      ({ to, anchor }) => anchor !== undefined && to.endsWith('.md') && !anchorsOf(to).has(anchor),
    )
    expect(dangling).toEqual([])
  })

  it('references from source code to documents lead to files and headings that exist', () => {
    const pointers = code
      .filter((file) => file.startsWith('src/'))
      .flatMap((file) => [...read(file).matchAll(/\b(docs\/[\w/-]+\.md)(?:#([\w-]+))?/g)])
    expect(pointers.length).toBeGreaterThan(2)
    for (const [pointer, file = '', anchor] of pointers)
      expect([pointer, anchor === undefined ? existsSync(path.join(root, file)) : anchorsOf(file).has(anchor)]).toEqual(
        [pointer, true],
      )
  })
})

describe('commands in documents', () => {
  let house: House
  beforeAll(() => {
    house = openHouse()
  })
  afterAll(() => house?.close())
  const helpOf = async (...command: readonly string[]) => (await house.command(...command, '--help')).stdout
  const texts = documents.filter((file) => file !== 'CHANGELOG.md').map((file) => ({ file, text: read(file) }))
  const named = texts.flatMap(({ file, text }) =>
    [...text.matchAll(/\bsallyport ([a-z][a-z-]*)\b((?:(?!\n\n|[`|#]|sallyport)[\s\S])*)/g)]
      // "of sallyport and its users" is no command: those stand in code.
      .filter(({ index }) => /(?:`|^|npx |\$\(|\n *|node_modules\/\.bin\/)$/.test(text.slice(0, index).slice(-20)))
      .map(([, name = '', rest = '']) => ({ file, name, rest })),
  )

  it('sallyport commands in documents exist, with their options', async () => {
    expect(named.length).toBeGreaterThan(40)
    const helps = new Map<string, string>()
    for (const name of new Set(named.map((each) => each.name))) helps.set(name, await helpOf(name))
    helps.set('keys', `${helps.get('keys')}${await helpOf('keys', 'api')}`)
    const missing = named.flatMap(({ file, name, rest }) => {
      const help = `${helps.get(name)} --help`
      const options = rest.match(/(?<=\s)--[a-z][a-z-]*/g) ?? []
      if (!help.includes(`usage: sallyport ${name}`)) return [`${file}: sallyport ${name}`]
      return options.filter((option) => !help.includes(option)).map((option) => `${file}: sallyport ${name} ${option}`)
    })
    expect(missing).toEqual([])
  })

  it('npm run commands in documents name scripts of this repository or of a project', () => {
    const scripts = new Set(
      ['package.json', 'create-sallyport/template/package.template.json', 'site/package.json'].flatMap((file) =>
        Object.keys((JSON.parse(read(file)) as { scripts?: object }).scripts ?? {}),
      ),
    )
    const examples = files.filter((file) => /^examples\/[^/]+\/package\.json$/.test(file))
    for (const file of examples)
      for (const name of Object.keys((JSON.parse(read(file)) as { scripts?: object }).scripts ?? {})) scripts.add(name)
    const used = texts.flatMap(({ file, text }) =>
      [...text.matchAll(/\bnpm run (?:-s )?([a-z][a-z:-]*)/g)].map(([, name = '']) => ({ file, name })),
    )
    expect(used.length).toBeGreaterThan(30)
    expect(used.filter(({ name }) => !scripts.has(name))).toEqual([])
  })

  it('file paths in documents name files of this repository that exist', () => {
    const paths = texts.flatMap(({ file, text }) =>
      [...text.matchAll(/`((?:src|test|bench|docs|examples|verifiers|site|create-sallyport)\/[\w./-]+)`/g)].map(
        ([, to = '']) => ({ file, to }),
      ),
    )
    expect(paths.length).toBeGreaterThan(40)
    // SECURITY.md names tests without their folder and ending, which test/repo.test.ts looks at.
    const own = paths.filter(({ file }) => !/^(?:create-sallyport\/template\/|SECURITY\.md$)/.test(file))
    expect(own.filter(({ to }) => !existsSync(path.join(root, to)))).toEqual([])
  })
})

describe('plain English in documents', () => {
  /** A sentence that opens with one of these hides its subject. A question may. */
  const RIDDLE = /(?:^|[.!:] )(?:What|Who|Whose|Whoever|Whatever|Nobody|Nor|One that)\b[^.?]*(?=[.]|$)(?!\?)/
  const sentencesOf = (file: string): string[] =>
    file.endsWith('.md')
      ? proseOf(file)
          .replaceAll(/^#.*$/gm, '')
          .split(/\n\s*\n|^\s*[-*] |\|/gm)
          .map((text) => text.replaceAll(/\s+/g, ' ').trim())
      : commentsOf(read(file)).map((text) => text.trim())

  it('no sentence of documents and comments opens with a word such as "What" or "Who"', () => {
    const riddles = [...documents, ...code].flatMap((file) =>
      sentencesOf(file).flatMap((text) => {
        const found = RIDDLE.exec(text)?.[0]
        return found === undefined ? [] : [`${file}: ${found.slice(0, 80)}`]
      }),
    )
    expect(riddles).toEqual([])
  })

  it('lines of prose in documents and comments have at most 100 columns', () => {
    const isLong = (line: string) => line.length > 100 && !/\S{70}|^\s*\||^\s*\/\/ biome-ignore/.test(line)
    const inDocuments = documents.flatMap((file) => proseOf(file).split('\n').filter(isLong))
    const inComments = code.flatMap((file) =>
      [...read(file).matchAll(/^[ \t]*(?:\/\/|\/\*\*?|\*)[ \t].*$/gm)].map(([line]) => line).filter(isLong),
    )
    expect([...inDocuments, ...inComments]).toEqual([])
  })
})
