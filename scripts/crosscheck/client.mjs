// Uses a dev chain as its own client would be used: npm's TonClient pays from wallets of two versions and reads it back.
//   node client.mjs DEVCHAIN
// DEVCHAIN is the program of test/devchain.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Address, comment, internal, SendMode, toNano } from '@ton/core'
import { keyPairFromSeed } from '@ton/crypto'
import { TonClient, WalletContractV4, WalletContractV5R1 } from '@ton/ton'

const chain = spawn(process.argv[2], { stdio: ['pipe', 'pipe', 'inherit'] })
const lines = createInterface({ input: chain.stdout })[Symbol.asyncIterator]()
const line = async () => (await lines.next()).value
const { toncenter, global_id: networkGlobalId } = JSON.parse(await line())
const client = new TonClient({ endpoint: `${toncenter}/api/v2/jsonRPC` })
const { publicKey, secretKey } = keyPairFromSeed(Buffer.alloc(32, 5))

const wallets = {
  v5r1: WalletContractV5R1.create({ publicKey, walletId: { networkGlobalId } }),
  v4r2: WalletContractV4.create({ workchain: 0, publicKey }),
}
try {
  for (const [version, wallet] of Object.entries(wallets)) await pay(version, wallet)
  const { latestSeqno } = await client.getMasterchainInfo()
  assert((await client.getWorkchainShards(latestSeqno)).length === 1)
  console.log(`crosscheck: ok: TonClient paid from ${Object.keys(wallets).join(' and ')}, and read it back`)
} finally {
  chain.stdin.end()
}
const [code] = chain.exitCode === null ? await once(chain, 'exit') : [chain.exitCode]
assert.equal(code, 0, 'the chain ended well')

// pay funds a wallet, has it pay twice, and checks every amount on the way.
async function pay(version, contract) {
  const wallet = client.open(contract)
  const to = new Address(0, Buffer.alloc(32, version))
  assert.equal((await client.getContractState(wallet.address)).state, 'uninitialized')
  chain.stdin.write(`${wallet.address} 10\n`)
  assert.equal(await line(), 'ok')
  assert.equal(await wallet.getBalance(), toNano('10'), version)
  for (const seqno of [0, 1]) {
    assert.equal(await wallet.getSeqno(), seqno, version)
    await wallet.sendTransfer({
      seqno, secretKey, sendMode: SendMode.PAY_GAS_SEPARATELY | SendMode.IGNORE_ERRORS,
      messages: [internal({ to, value: '1.5', bounce: false, body: comment(`${version} ${seqno}`) })],
    })
  }
  assert.equal(await wallet.getSeqno(), 2)
  await checkHistory(version, wallet.address, to)
}

async function checkHistory(version, from, to) {
  const sent = await client.getTransactions(from, { limit: 10 })
  assert.deepEqual(sent.map((t) => t.outMessagesCount), [1, 1, 0], 'two payments after one deposit')
  const received = await client.getTransactions(to, { limit: 10 })
  const notes = received.map((t) => t.inMessage.body.beginParse().skip(32).loadStringTail())
  assert.deepEqual(notes, [`${version} 1`, `${version} 0`])
  assert.deepEqual(received[0].inMessage.info.src.toRawString(), from.toRawString())
  const older = await client.getTransactions(from, { limit: 1, lt: sent[0].lt.toString(), hash: sent[0].hash().toString('base64') })
  assert.equal(older[0].lt, sent[1].lt, 'the next page goes on where the last ended')
  const balance = await client.getBalance(to)
  assert(balance <= toNano('3') && balance > toNano('2.99'), `${balance} of 3 arrived`)
}
