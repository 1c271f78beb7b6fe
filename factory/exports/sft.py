"""Supervised fine-tuning: each released record that has an answer, as a conversation of two turns.

The default form is OpenAI's `messages`, which TRL's SFTTrainer reads as it is; `prompt_completion` is TRL's
other form, and `sharegpt` and `alpaca` are those of LLaMA-Factory, Axolotl and older trainers. The column
`reasoning` is beside the conversation, never part of it: who trains on thinking puts it there on purpose.
"""

PER_PROBLEM = True
SHARED = "record_id, thought, reasoning, verified_by, license from examples order by record_id"

FORMS = {
    "messages": f"""
        select [{{'role': 'user', 'content': prompt}},
                {{'role': 'assistant', 'content': content}}] as messages, {SHARED}
    """,
    "prompt_completion": f"""
        select [{{'role': 'user', 'content': prompt}}] as prompt,
            [{{'role': 'assistant', 'content': content}}] as completion, {SHARED}
    """,
    "sharegpt": f"""
        select [{{'from': 'human', 'value': prompt}}, {{'from': 'gpt', 'value': content}}] as conversations,
            {SHARED}
    """,
    "alpaca": f"""
        select split_part(prompt, chr(10) || chr(10), -1) as instruction, problem as input, content as output,
            {SHARED}
    """,
}
