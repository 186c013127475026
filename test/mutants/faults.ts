import { parse } from '@babel/parser'

/** One small fault in one file: the text from `start` to `end` is replaced. */
export interface Fault {
  readonly file: string
  readonly line: number
  readonly kind: string
  readonly start: number
  readonly end: number
  readonly before: string
  readonly after: string
}

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly loc: { readonly start: { readonly line: number } }
  readonly [member: string]: unknown
}

type Replacement = { readonly node: Node; readonly after: string } | { readonly from: number; readonly to: number }

interface Operator {
  readonly kind: string
  /** Returns what can be made wrong at a node; `text` gives the source of another. */
  at(node: Node, text: (node: Node) => string): readonly Replacement[]
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string'
const nodesIn = (value: unknown): readonly Node[] => (Array.isArray(value) ? value.filter(isNode) : [])

const OTHER: Readonly<Record<string, string>> = {
  '&&': '||',
  '||': '&&',
  '===': '!==',
  '!==': '===',
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '+': '-',
  '-': '+',
}

const swap: Operator = {
  kind: 'operator',
  at(node, text) {
    const { operator, left, right } = node
    if (node.type === 'LogicalExpression' && operator === '??' && isNode(left)) return [{ node, after: text(left) }]
    const other = OTHER[String(operator)]
    if (!other || !isNode(left) || !isNode(right) || !/^(?:Logical|Binary)Expression$/.test(node.type)) return []
    return [{ node, after: `(${text(left)}) ${other} (${text(right)})` }]
  },
}

const negate: Operator = {
  kind: 'condition',
  at: ({ type, test }, text) =>
    /^(?:If|Conditional|While)/.test(type) && isNode(test) ? [{ node: test, after: `!(${text(test)})` }] : [],
}

/** From the end of the member before, so that the comma goes too. */
function drops(members: readonly Node[]): readonly Replacement[] {
  return members.map((member, index) => {
    const [previous, next] = [members[index - 1], members[index + 1]]
    return next ? { from: member.start, to: next.start } : { from: previous?.end ?? member.start, to: member.end }
  })
}

const drop: Operator = {
  kind: 'member dropped',
  at(node) {
    if (node.type === 'ArrayExpression') return drops(nodesIn(node.elements))
    return node.type === 'ObjectExpression' ? drops(nodesIn(node.properties)) : []
  },
}

const skip: Operator = {
  kind: 'statement dropped',
  at(node) {
    const { type, expression, consequent, argument } = node
    const isCall =
      type === 'ExpressionStatement' &&
      isNode(expression) &&
      /^(?:Call|Await|Assignment)Expression$/.test(expression.type)
    const refuses = type === 'IfStatement' && isNode(consequent) && /^(?:Throw|Return)/.test(consequent.type)
    const leaves = type === 'ReturnStatement' && argument === null
    return isCall || refuses || leaves || type === 'ThrowStatement' ? [{ node, after: ';' }] : []
  },
}

const value: Operator = {
  kind: 'value',
  at(node) {
    if (node.type === 'BooleanLiteral') return [{ node, after: String(!node.value) }]
    if (node.type === 'NumericLiteral') return [{ node, after: String(Number(node.value) + 1) }]
    if (node.type === 'StringLiteral' && node.value !== '') return [{ node, after: "'~'" }]
    if (node.type !== 'RegExpLiteral') return []
    const alternatives = String(node.pattern).split('|')
    return alternatives.length > 1 ? [{ node, after: `/${alternatives.slice(1).join('|')}/${node.flags}` }] : []
  },
}

const operators: readonly Operator[] = [swap, negate, drop, skip, value]

/** Places where a fault would mean nothing: types, imports, and texts that people read. */
const SKIPPED = /^(?:TS|Import|Export(?:All|Named)Declaration$)/
const SKIPPED_MEMBERS = new Set([
  'loc',
  'leadingComments',
  'trailingComments',
  'innerComments',
  'typeAnnotation',
  'key',
])

/**
 * Lists the faults that a source file can have, one for each place and operator. Texts with spaces
 * in them are messages, and left alone.
 */
export function faultsIn(file: string, source: string): Fault[] {
  const text = ({ start, end }: Node) => source.slice(start, end)
  const faults: Fault[] = []
  const visit = (node: Node): void => {
    const isExported = node.type === 'ExportNamedDeclaration' && isNode(node.declaration)
    if (SKIPPED.test(node.type) && !isExported && !/^TS(?:As|Satisfies|NonNull)/.test(node.type)) return
    for (const { kind, at } of operators)
      for (const replacement of at(node, text)) {
        const [start, end, after] =
          'node' in replacement
            ? [replacement.node.start, replacement.node.end, replacement.after]
            : [replacement.from, replacement.to, '']
        const before = source.slice(start, end)
        if (kind === 'value' && / /.test(before)) continue
        const line = source.slice(0, start).split('\n').length
        faults.push({ file, line, kind, start, end, before, after })
      }
    for (const [name, member] of Object.entries(node))
      if (!SKIPPED_MEMBERS.has(name))
        for (const each of Array.isArray(member) ? member : [member]) if (isNode(each)) visit(each)
  }
  visit(parse(source, { sourceType: 'module', plugins: ['typescript'] }).program as unknown as Node)
  return faults
}

export const withFault = (source: string, { start, end, after }: Fault): string =>
  source.slice(0, start) + after + source.slice(end)
