// Reads the output of `mpcctl demo --json` and checks the signed message with code that shares nothing with this project:
//   node crosscheck.mjs DEMO.json CONFIG.boc
// CONFIG.boc is the blockchain configuration under which the demo's chain ran.
import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Address, beginCell, Cell, loadMessage, toNano } from '@ton/core'
import { Blockchain } from '@ton/sandbox'
import { WalletContractV5R1 } from '@ton/ton'

const [demoFile, configFile] = process.argv.slice(2)
const demo = JSON.parse(readFileSync(demoFile, 'utf8'))
const publicKey = Buffer.from(demo.keygen.public_key, 'hex')

const wallet = checkAddress()
const message = checkMessage()
const validUntil = checkSignature()
await checkExecution()
console.log(`crosscheck: ok: ${demo.wallet.address} pays ${demo.signed.amount} TON to ${demo.signed.destination}`)

// The address that @ton/ton derives from the public key is the one the nodes show.
function checkAddress() {
  const wallet = WalletContractV5R1.create({ publicKey, workchain: 0 })
  assert.equal(demo.wallet.version, 'v5r1')
  assert.equal(wallet.address.toRawString(), demo.wallet.raw)
  assert(wallet.address.equals(Address.parse(demo.wallet.address)))
  return wallet
}

// The printed message is one complete external message to that wallet, with the wallet's own StateInit.
function checkMessage() {
  const roots = Cell.fromBoc(Buffer.from(demo.signed.boc, 'base64'))
  assert.equal(roots.length, 1)
  const message = loadMessage(roots[0].beginParse())
  assert.equal(message.info.type, 'external-in')
  assert(message.info.dest.equals(wallet.address))
  assert(message.init.code.equals(wallet.init.code))
  assert(message.init.data.equals(wallet.init.data))
  return message
}

// The body's last 512 bits are the signature over the hash of the rest (wallet-contract-v5).
function checkSignature() {
  const body = message.body.beginParse()
  const signedBits = body.loadBits(body.remainingBits - 512)
  const signature = body.loadBuffer(64)
  const builder = beginCell().storeBits(signedBits)
  while (body.remainingRefs > 0) builder.storeRef(body.loadRef())
  const signed = builder.endCell()
  assert.equal(signed.hash().toString('hex'), demo.signed.signing_hash)
  assert.equal(signature.toString('hex'), demo.signed.signature)
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]) // RFC 8410 section 4
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' })
  assert(verify(null, signed.hash(), key, signature), 'the signature is not the key\'s')
  const header = signed.beginParse()
  assert.equal(header.loadUint(32), 0x7369676e)
  header.skip(32) // wallet id
  return header.loadUint(32)
}

// The C++ emulator executes it on a funded account at that address: one message out, of the right value to the right place.
async function checkExecution() {
  const chain = await Blockchain.create({ config: Cell.fromBoc(readFileSync(configFile))[0] })
  chain.now = validUntil - 30
  const faucet = await chain.treasury('faucet')
  await faucet.send({ to: wallet.address, value: toNano('1000'), bounce: false })
  const { transactions } = await chain.sendMessage(message)
  const own = transactions.filter((t) => t.address === BigInt('0x' + wallet.address.hash.toString('hex')))
  assert.equal(own.length, 1)
  const { description, outMessages, outMessagesCount } = own[0]
  assert.equal(description.computePhase.exitCode, 0)
  assert.equal(description.actionPhase.resultCode, 0)
  assert.equal(outMessagesCount, 1)
  const out = outMessages.get(0).info
  assert.equal(out.type, 'internal')
  assert(out.dest.equals(Address.parse(demo.signed.destination)))
  assert.equal(out.value.coins, toNano(demo.signed.amount))
  assert.equal((await chain.getContract(wallet.address)).accountState.type, 'active')
}
