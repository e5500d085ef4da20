// What callers may send to the OpenAI API, checked and brought into one form. Fields that only OpenAI's own servers know
// what to do with (store, user, metadata, service_tier) are taken and ignored. Knows no model.

import * as z from 'zod/mini';
import { invalidRequest } from './api-error.ts';

/** One request may ask for so many answers: each takes a slot. */
const MOST_CHOICES = 16;
const MOST_STOPS = 16;
const MOST_LOGPROBS = 20;

const count = (least: number, most = 2 ** 31 - 1) => z.int().check(z.gte(least), z.lte(most));
const between = (least: number, most: number) => z.number().check(z.gte(least), z.lte(most));

/** Clients send null for what they leave open. */
const open = <Schema extends z.core.SomeType>(schema: Schema) =>
  z.pipe(
    z.optional(z.nullable(schema)),
    z.transform((value) => value ?? undefined),
  );

const textPart = z.object({ type: z.literal('text'), text: z.string() });
const content = z.union([z.string(), z.array(textPart)], { error: 'must be a string or an array of text parts' });

const toolCall = z.object({
  id: z.optional(z.string()),
  type: z.optional(z.literal('function')),
  function: z.object({ name: z.string(), arguments: z.string() }),
});

const message = z.object({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
  content: open(content),
  name: open(z.string()),
  reasoning_content: open(z.string()),
  tool_calls: open(z.array(toolCall)),
  tool_call_id: open(z.string()),
});

const toolName = z.string().check(z.regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, "_", "." or "-"'));

const tool = z.object({
  type: z.literal('function'),
  function: z.object({
    name: toolName,
    description: open(z.string()),
    parameters: open(z.record(z.string(), z.unknown())),
    strict: open(z.boolean()),
  }),
});

const toolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.object({ type: z.literal('function'), function: z.object({ name: z.string() }) }),
]);

const responseFormat = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({
    type: z.literal('json_schema'),
    json_schema: z.object({ name: z.optional(z.string()), schema: z.record(z.string(), z.unknown()) }),
  }),
]);

const shared = {
  model: z.string(),
  stream: open(z.boolean()),
  stream_options: open(z.object({ include_usage: open(z.boolean()) })),
  n: open(count(1, MOST_CHOICES)),
  max_tokens: open(count(0)),
  temperature: open(between(0, 2)),
  top_p: open(between(0, 1)),
  presence_penalty: open(between(-2, 2)),
  frequency_penalty: open(between(-2, 2)),
  stop: open(z.union([z.string(), z.array(z.string()).check(z.maxLength(MOST_STOPS))])),
  seed: open(z.int()),
  logit_bias: open(z.record(z.string().check(z.regex(/^\d{1,9}$/, 'must be a token id')), between(-100, 100))),
  // Not OpenAI's, but common: vLLM's and llama.cpp's names.
  top_k: open(count(0)),
  min_p: open(between(0, 1)),
  repetition_penalty: open(between(0.01, 100)),
};

const chatSchema = z.object({
  ...shared,
  messages: z.array(message).check(z.minLength(1)),
  max_completion_tokens: open(count(0)),
  logprobs: open(z.boolean()),
  top_logprobs: open(count(0, MOST_LOGPROBS)),
  response_format: open(responseFormat),
  tools: open(z.array(tool).check(z.maxLength(128))),
  tool_choice: open(toolChoice),
  parallel_tool_calls: open(z.boolean()),
  /** Variables for the model's own template, such as Qwen's enable_thinking. */
  chat_template_kwargs: open(z.record(z.string(), z.unknown())),
});

const tokenIds = z.array(count(0)).check(z.minLength(1));

const completionSchema = z.object({
  ...shared,
  prompt: z.union([
    z.string(),
    z.array(z.string()).check(z.minLength(1), z.maxLength(MOST_CHOICES)),
    tokenIds,
    z.array(tokenIds),
  ]),
  echo: open(z.boolean()),
  logprobs: open(count(0, MOST_LOGPROBS)),
  suffix: open(z.string()),
  best_of: open(count(1, MOST_CHOICES)),
});

export type ChatRequest = z.output<typeof chatSchema>;
export type CompletionRequest = z.output<typeof completionSchema>;
export type RequestMessage = ChatRequest['messages'][number];
export type RequestTool = NonNullable<ChatRequest['tools']>[number];

/** Throws an ApiError that names the first field that is wrong. */
export function parseChatRequest(body: unknown): ChatRequest {
  const request = parse(chatSchema, body);
  const { tools = [], tool_choice: choice } = request;
  if (choice !== undefined && choice !== 'none' && choice !== 'auto' && tools.length === 0) {
    throw invalidRequest(
      "'tool_choice' is only allowed where 'tools' are given; send them or leave it out",
      'tool_choice',
    );
  }
  if (typeof choice === 'object' && !tools.some((one) => one.function.name === choice.function.name)) {
    throw invalidRequest(`'tool_choice' names ${choice.function.name}, which is none of 'tools'`, 'tool_choice');
  }
  if (request.top_logprobs !== undefined && request.logprobs !== true) {
    throw invalidRequest("'top_logprobs' is only allowed where 'logprobs' is true; set it", 'top_logprobs');
  }
  if (tools.length > 0 && choice !== 'none' && (request.response_format?.type ?? 'text') !== 'text') {
    throw invalidRequest(
      "'response_format' cannot be had together with 'tools'; leave one of them out",
      'response_format',
    );
  }
  return request;
}

/** Throws an ApiError that names the first field that is wrong. */
export function parseCompletionRequest(body: unknown): CompletionRequest {
  const request = parse(completionSchema, body);
  if (request.suffix) throw invalidRequest("'suffix' is not supported; leave it out", 'suffix');
  if ((request.best_of ?? 1) > (request.n ?? 1)) {
    throw invalidRequest("'best_of' beyond 'n' is not supported; ask for more with 'n' and choose", 'best_of');
  }
  return request;
}

/** Text of a message's content, whatever form it has. */
export const textOf = (given: RequestMessage['content']): string =>
  given === undefined ? '' : typeof given === 'string' ? given : given.map(({ text }) => text).join('');

function parse<Schema extends z.ZodMiniType>(schema: Schema, body: unknown): z.output<Schema> {
  const result = schema.safeParse(body, { jitless: true, reportInput: true });
  if (result.success) return result.data;
  const issue = deepest(result.error.issues[0]!);
  const param = pathOf(issue.path);
  const place = param === '' ? 'The request' : `'${param}'`;
  throw invalidRequest(`${place} is not valid: ${complaint(issue)}`, param || undefined);
}

/** Of a union's alternatives, the complaint of the one that went farthest. */
function deepest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union') return issue;
  const inner = issue.errors
    .flatMap((issues) => issues.slice(0, 1))
    .map((one) => deepest({ ...one, path: [...issue.path, ...one.path] } as z.core.$ZodIssue))
    .toSorted((a, b) => b.path.length - a.path.length);
  return inner[0] && inner[0].path.length > issue.path.length ? inner[0] : issue;
}

function complaint(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'it is missing' : `it must be of type ${issue.expected}`;
    case 'too_small':
      return `it must be ${issue.minimum} or more`;
    case 'too_big':
      return `it must be ${issue.maximum} or less`;
    case 'invalid_value':
      return `it must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
    default:
      return issue.message === 'Invalid input' ? 'none of its forms fits' : issue.message;
  }
}

function pathOf(path: readonly PropertyKey[]): string {
  let text = '';
  for (const key of path) text += typeof key === 'number' ? `[${key}]` : text === '' ? String(key) : `.${String(key)}`;
  return text;
}
