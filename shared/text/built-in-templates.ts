// Chat templates for tokenizers that bring none, by the names of dllama's `--chat-template`; `chatml` dllama knows only when
// it finds it in a file. Each writes the format that the model's makers documented. Jinja drops the line break after a
// block tag (`trim_blocks`) and the space before one (`lstrip_blocks`), so the lines here are for the reader.

export type BuiltInTemplate = 'llama2' | 'llama3' | 'deepSeek3' | 'chatml';

export const BUILT_IN_TEMPLATES: Readonly<Record<BuiltInTemplate, string>> = {
  // Every turn of the user begins a sequence of its own; the system message stands inside the first.
  llama2: String.raw`
{%- set system = '' %}
{%- for message in messages %}
  {%- if message.role == 'system' %}
    {%- set system = '<<SYS>>\n' + message.content + '\n<</SYS>>\n\n' %}
  {%- elif message.role == 'user' %}
    {{- bos_token + '[INST] ' + (system + message.content) | trim + ' [/INST]' }}
    {%- set system = '' %}
  {%- elif message.role == 'assistant' %}
    {{- ' ' + message.content | trim + ' ' + eos_token }}
  {%- endif %}
{%- endfor %}`,

  llama3: String.raw`
{{- bos_token }}
{%- for message in messages %}
  {{- '<|start_header_id|>' + message.role + '<|end_header_id|>\n\n' + message.content | trim + '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}
{%- endif %}`,

  // As for R1: an answer begins with thought, and earlier thoughts are not repeated.
  deepSeek3: String.raw`
{{- bos_token }}
{%- for message in messages %}
  {%- if message.role == 'system' %}
    {{- message.content }}
  {%- elif message.role == 'user' %}
    {{- '<｜User｜>' + message.content }}
  {%- elif message.role == 'assistant' %}
    {{- '<｜Assistant｜>' + message.content.split('</think>')[-1] + eos_token }}
  {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- '<｜Assistant｜><think>\n' }}
{%- endif %}`,

  chatml: String.raw`
{%- for message in messages %}
  {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- '<|im_start|>assistant\n' }}
{%- endif %}`,
};
