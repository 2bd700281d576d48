// Drives a server through Ollama's official client: generate, chat, tools, list, show, create, copy, embed, ps, delete.
// Prints one JSON object of what came back. Arguments: the server's address.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import path from 'node:path'

const require = createRequire(path.join(process.env.NODE_FOLDER, 'x.js'))
const module = require.resolve('ollama')
const { Ollama } = await import(pathToFileURL(module))
const ollama = new Ollama({ host: process.argv[2] })
const seen = {}

seen.generate = await ollama.generate({ model: 'tiny', prompt: 'Why is the sky blue?', think: false })

seen.streamed = ''
for await (const part of await ollama.generate({ model: 'tiny', prompt: 'Why is the sky blue?', think: false, stream: true })) {
  seen.streamed += part.response
}

const question = { role: 'user', content: 'What is the weather in Lisbon?' }
const tools = [{
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'Get the weather in a city',
    parameters: { type: 'object', required: ['city'], properties: { city: { type: 'string' } } },
  },
}]
seen.chat = await ollama.chat({ model: 'tiny', messages: [{ role: 'user', content: 'Hello!' }], think: true })
seen.called = (await ollama.chat({ model: 'tiny', messages: [question], tools, think: false })).message.tool_calls
seen.formatted = await ollama.chat({
  model: 'tiny',
  messages: [{ role: 'user', content: 'Give me JSON with name: Anna.' }],
  think: false,
  format: { type: 'object', properties: { name: { type: 'string', maxLength: 20 } }, required: ['name'] },
})

const stream = await ollama.chat({ model: 'tiny', messages: [question], think: false, stream: true, options: { temperature: 1, num_predict: 500, stop: [] } })
seen.aborted = false
try {
  for await (const part of stream) stream.abort()
} catch (error) {
  seen.aborted = error.name
}

seen.embed = (await ollama.embed({ model: 'tiny', input: ['one', 'two'] })).embeddings.map((e) => e.length)
seen.list = (await ollama.list()).models.map((m) => m.name)
seen.show = (await ollama.show({ model: 'tiny' })).capabilities
seen.create = await ollama.create({ model: 'mine', from: 'tiny', system: 'Answer in upper case.' })
seen.copy = await ollama.copy({ source: 'mine', destination: 'yours' })
seen.ps = (await ollama.ps()).models.map((m) => m.name)
seen.version = (await ollama.version()).version
seen.both = (await ollama.list()).models.map((m) => m.name).sort()
for (const model of ['mine', 'yours']) seen.delete = await ollama.delete({ model })
seen.after = (await ollama.list()).models.map((m) => m.name)
try {
  await ollama.show({ model: 'nobody' })
} catch (error) {
  seen.error = [error.status_code, error.message]
}
console.log(JSON.stringify(seen))
