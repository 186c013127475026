import type { Fault } from './faults.ts'
import { interval } from './sample.ts'
import type { Verdict } from './verdict.ts'

export interface Tried {
  readonly fault: Fault
  readonly verdict: Verdict
}

/** `src/agents`, `src/gateway.ts`: the part of the house that a file belongs to. */
const partOf = (file: string): string => file.split('/').slice(0, 2).join('/')

const row = (name: string, tried: readonly Tried[]): string => {
  const noticed = tried.filter(({ verdict }) => verdict.is === 'noticed').length
  const [from, to] = interval(noticed, tried.length)
  const share = tried.length > 0 ? `${Math.round((100 * noticed) / tried.length)} %` : '–'
  return `| ${name} | ${noticed} of ${tried.length} | ${share} | ${from.toFixed(0)}–${to.toFixed(0)} % |`
}

/** The score as a table in Markdown, of those faults whose verdict is clear. */
export function table(all: readonly Tried[]): string {
  const tried = all.filter(({ verdict }) => verdict.is !== 'unclear')
  const parts = [...new Set(tried.map(({ fault }) => partOf(fault.file)))].sort()
  const rows = parts.map((part) =>
    row(
      part,
      tried.filter(({ fault }) => partOf(fault.file) === part),
    ),
  )
  return ['| part | noticed | share | 95 % interval |', '|---|---|---|---|', ...rows, row('all', tried)].join('\n')
}

/** A fault on a few lines, so that it can be made by hand. */
export const described = ({ file, line, kind, before, after }: Fault): string =>
  `${file}:${line}  ${kind}\n  - ${before.replaceAll('\n', '\n  - ')}\n  + ${after.replaceAll('\n', '\n  + ')}`
