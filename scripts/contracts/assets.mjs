// Takes the token contracts of ton/devchain/assets from npm's @ton-community/assets-sdk, which has them compiled:
//   node assets.mjs           writes them to ton/devchain/assets/contracts
//   node assets.mjs --check   fails unless the committed ones are those of the package
// The package is fetched alone, without what its command line depends on, and is known by its hash.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Cell } from '@ton/core'

const source = '@ton-community/assets-sdk@0.0.5'
const integrity = 'ayu+wVO2497L+O1x2QFZSX3dTQjsfh0ae6wb1ENIGgpjVVXsnPUQJ8s4YTwYTlrC3O1ghltkMCHhtxlaRvS9oA==' // sha512
const target = fileURLToPath(new URL('../../ton/devchain/assets/contracts/', import.meta.url))
const require = createRequire(import.meta.url)

const scratch = mkdtempSync(join(tmpdir(), 'assets-'))
try {
  const name = execFileSync('npm', ['pack', source, '--silent'], { cwd: scratch, encoding: 'utf8' }).trim()
  const archive = readFileSync(join(scratch, name))
  if (createHash('sha512').update(archive).digest('base64') !== integrity) throw new Error(`${source} is another package than it was`)
  execFileSync('tar', ['xzf', name], { cwd: scratch })
  for (const [contract, code] of Object.entries(codes(join(scratch, 'package/dist')))) keep(`${contract}.boc`, code)
} finally {
  rmSync(scratch, { recursive: true })
}

function codes(dist) {
  const built = (file) => Object.values(require(join(dist, file)))[0].codeBoc
  return {
    'jetton-minter': built('jetton/contracts/build/jetton-minter.js'),
    'jetton-wallet': built('jetton/contracts/build/jetton-wallet.js'),
    'nft-collection': built('nft/contracts/build/nft-collection-editable.js'),
    'nft-item': built('nft/contracts/build/nft-item.js'),
    'nft-sale': readFileSync(join(dist, 'nft/NftSale.js'), 'utf8').match(/fromBase64\('([^']+)'\)/)[1],
  }
}

function keep(file, code) {
  const boc = Buffer.from(code, 'base64')
  const path = join(target, file)
  if (!process.argv.includes('--check')) writeFileSync(path, boc)
  else if (!boc.equals(readFileSync(path))) throw new Error(`${file} is not the one of ${source}`)
  console.log(`${file} ${Cell.fromBoc(boc)[0].hash().toString('hex')} ${boc.length} bytes`)
}
