// Compiles the contracts of ours and prints the hashes of their code: the policy wallet, and what ton/chain is tested with.
//   node build.mjs           writes a .boc beside each source
//   node build.mjs --check   fails unless the committed ones are reproduced bit for bit
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runTolkCompiler } from '@ton/tolk-js'

const contracts = {
  'ton/contracts': ['policy-wallet'],
  'ton/chain/testdata': ['ston-router', 'ston-pool', 'dedust', 'liar', 'claimed'],
}

for (const [folder, names] of Object.entries(contracts)) {
  const path = fileURLToPath(new URL(`../../${folder}/`, import.meta.url))
  for (const name of names) await build(path, name)
}

async function build(folder, name) {
  const target = join(folder, `${name}.boc`)
  const result = await runTolkCompiler({
    entrypointFileName: `${name}.tolk`,
    fsReadCallback: (path) => readFileSync(join(folder, path), 'utf8'),
  })
  if (result.status !== 'ok') fail(result.message)
  const boc = Buffer.from(result.codeBoc64, 'base64')
  if (!process.argv.includes('--check')) writeFileSync(target, boc)
  else if (!boc.equals(readFileSync(target))) fail(`build-contracts: ${name}.boc is not what its source compiles to`)
  console.log(`${name} ${result.codeHashHex.toLowerCase()} ${boc.length} bytes, tolk ${result.tolkVersion}`)
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
