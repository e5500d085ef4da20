// One measurement of llama.cpp through node-llama-cpp, as a process: prints a Speed as JSON.
// usage: node llama-cpp.ts MODULE MODEL.gguf THREADS PROMPT_TOKENS GENERATED_TOKENS

interface Sequence {
  evaluateWithoutGeneratingNewTokens(tokens: number[]): Promise<void>;
  clearHistory(): Promise<void>;
}

const [module, modelPath, ...numbers] = process.argv.slice(2);
const [threads, promptTokens, generated] = numbers.map(Number);
const { getLlama, LlamaLogLevel } = await import(module);
const llama = await getLlama({
  gpu: false,
  build: 'never',
  progressLogs: false,
  logLevel: LlamaLogLevel.error,
  maxThreads: threads,
});
const model = await llama.loadModel({ modelPath, gpuLayers: 0 });
const context = await model.createContext({ contextSize: 1024, batchSize: 256, threads, sequences: 1 });
const sequence: Sequence = context.getSequence();
const prompt = Array.from({ length: promptTokens }, (_, i) => 3 + ((i * 7) % 300));
// The others evaluate their prompt once, right after loading; so does this, after a few tokens that start its threads.
await sequence.evaluateWithoutGeneratingNewTokens(prompt.slice(0, 8));
await sequence.clearHistory();
const start = performance.now();
await sequence.evaluateWithoutGeneratingNewTokens(prompt);
const evaluated = performance.now();
for (let i = 0; i < generated; i++) await sequence.evaluateWithoutGeneratingNewTokens([5]);
const end = performance.now();
console.log(
  JSON.stringify({
    prefillMsPerToken: (evaluated - start) / promptTokens,
    decodeMsPerToken: (end - evaluated) / generated,
  }),
);
process.exit(0);
