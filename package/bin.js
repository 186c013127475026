#!/usr/bin/env node
// The commands need features that older versions of Node do not have. This file also runs on those
// versions, to print an error there.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 12)) {
  process.stderr.write(
    `Sallyport needs Node 22.12 or later, but this is Node ${process.version}. Install a current version from nodejs.org.\n`,
  )
  process.exitCode = 1
} else {
  const { run } = await import('./cli.js')
  process.exitCode = await run(process.argv.slice(2))
}
