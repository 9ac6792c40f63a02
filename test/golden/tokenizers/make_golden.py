"""Writes the reference values of this folder.

    npx jiti save-made-tokenizers.ts SAVED
    python make_golden.py train           # once, transformers 4: trains the small tokenizers under trained/
    python make_golden.py resave          # once, transformers 5: saves one of them in its layout
    python make_golden.py golden SAVED    # made.json, trained.json, templates.json, prompts.json (5 only, needs trl)

transformers 4.57.6 ran with huggingface_hub 1.33, past the bound in its dependency table, which only guards downloads.
The golden files hold one entry per transformers version that ran; a second run with another version adds to them.
"""
# parity: transformers-4 golden {tokenizers}
# parity: transformers-5 golden {tokenizers}

import hashlib
import json
import os
import sys
from pathlib import Path

import jinja2
import tokenizers
import transformers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

HERE = Path(__file__).parent
VERSION = transformers.__version__

TEXTS = [
    "",
    "plain words, then 12345 and 6.75!",
    "  two  spaces\tand\ttabs\n\n\nthree newlines \r\n end ",
    "don't we'll I'VE",
    "naïve café → façade, Straße",
    "日本語のテキスト。 한국어 Ελληνικά",
    "👩‍👩‍👧‍👦 🇬🇧 𝒳 e\u0301",
    "\u0000\u0001\u007f\u0080\ufffd\ufeff bytes",
    "before<|im_start|>user\nhi<|im_end|><|eos|>after <|pad|>",
    "<s>one</s> <|extra|>two",
    "x = (1 + 2) * 3 / 4?",
]
CHAR_TEXTS = ["", "1+2*(3-4)/5 = ?", "é→é\n", "12<|eos|>34 <|im_start|>"]
IDS = [[0xF0, 0x9F, 0x91], [0xC3, 0x28, 0x41], [0xE2, 0x82, 0xAC, 0xFF, 0x80, 0x80], [65, 256, 66, 257, 67]]

CONVERSATIONS = {
    "one question": [{"role": "user", "content": "What is 2 + 2?"}],
    "question and answer": [
        {"role": "user", "content": "What is 2 + 2?"},
        {"role": "assistant", "content": "4"},
    ],
    "system and two rounds": [
        {"role": "system", "content": "  Answer in French.  "},
        {"role": "user", "content": "Hello 'there', \"you\" & <all>\n"},
        {"role": "assistant", "content": "<think>\nA greeting.\n</think>\n\nBonjour, café ☕"},
        {"role": "user", "content": "And\ngoodbye? 👋"},
        {"role": "assistant", "content": "<think>\n\nPart.\n\n</think>\n\nAu revoir !"},
    ],
    "reasoning apart": [
        {"role": "user", "content": "Why?"},
        {"role": "assistant", "content": "Because.", "reasoning_content": "\nSay little.\n"},
    ],
    "tool calls": [
        {"role": "user", "content": "Weather in Łódź?"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {"type": "function", "function": {"name": "weather", "arguments": {"city": "Łódź", "days": 2}}},
                {"name": "clock", "arguments": {"zone": None, "exact": True, "offset": 1.5}},
            ],
        },
        {"role": "tool", "content": "{\"sky\": \"grey\"}"},
        {"role": "tool", "content": "12:00"},
        {"role": "assistant", "content": "Grey at noon."},
    ],
    "two answers in a row": [
        {"role": "user", "content": "Go on."},
        {"role": "assistant", "content": "First."},
        {"role": "assistant", "content": "Second."},
    ],
}
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "Forecast for a city — \"days\" ahead, 'roughly' <1 week",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
]
OPTIONS = [
    {},
    {"addGenerationPrompt": True},
    {"addGenerationPrompt": True, "tools": TOOLS},
    {"addGenerationPrompt": True, "templateKwargs": {"enable_thinking": False, "date_string": "3 Mar 2026"}},
]


def merge(name, value):
    path = HERE / name
    golden = json.loads(path.read_text()) if path.exists() else {}
    golden[VERSION] = {"tokenizers": tokenizers.__version__, "jinja2": jinja2.__version__, **value}
    path.write_text(lines(dict(sorted(golden.items()))) + "\n")


def lines(value, depth=3):
    """JSON with line ends between the outer values only, so that a case is a line."""
    if depth == 0 or not isinstance(value, (dict, list)) or not value:
        return json.dumps(value)
    if isinstance(value, list):
        return "[\n" + ",\n".join(lines(item, depth - 1) for item in value) + "\n]"
    return "{\n" + ",\n".join(f"{json.dumps(k)}: {lines(v, depth - 1)}" for k, v in value.items()) + "\n}"


def case(tokenizer, text):
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    return {
        "text": text,
        "ids": ids,
        "idsWithSpecial": tokenizer(text, add_special_tokens=True)["input_ids"],
        "decoded": tokenizer.decode(ids, skip_special_tokens=False),
        "decodedSkipping": tokenizer.decode(ids, skip_special_tokens=True),
    }


def describe(folder, texts, ids=(), loader=AutoTokenizer):
    tokenizer = loader.from_pretrained(folder)
    return {
        "sha256": hashlib.sha256((Path(folder) / "tokenizer.json").read_bytes()).hexdigest(),
        "class": type(tokenizer).__name__,
        "length": len(tokenizer),
        "eosTokenId": tokenizer.eos_token_id,
        "padTokenId": tokenizer.pad_token_id,
        "bosTokenId": tokenizer.bos_token_id,
        "specialIds": sorted(id for id, token in tokenizer.added_tokens_decoder.items() if token.special),
        "cases": [case(tokenizer, text) for text in texts],
        "decodes": [{"ids": i, "text": tokenizer.decode(i, skip_special_tokens=True)} for i in ids],
        "chat": None
        if tokenizer.chat_template is None
        else tokenizer.apply_chat_template(CONVERSATIONS["question and answer"], tokenize=False),
    }


def beside_config(folder, model_type):
    """The same tokenizer beside a model's config.json, as a trained folder has it."""
    target = Path(str(folder) + "-" + model_type)
    os.makedirs(target, exist_ok=True)
    for file in Path(folder).iterdir():
        (target / file.name).write_bytes(file.read_bytes())
    (target / "config.json").write_text(json.dumps({"model_type": model_type, "vocab_size": 512}))
    return target


def made(saved):
    names = sorted(p.name for p in Path(saved).iterdir() if (p / "tokenizer.json").exists() and not (p / "config.json").exists())
    result = {}
    for name in names:
        folder = Path(saved) / name
        texts = CHAR_TEXTS if name.startswith("char") else TEXTS
        ids = [] if name.startswith("char") else IDS
        result[name] = describe(folder, texts, ids)
        for model_type in ["llama", "qwen2", "qwen3"]:
            # transformers 5 gives every qwen2 folder Qwen2Tokenizer, which normalises and adds <|endoftext|>.
            fast = model_type == "qwen2" and VERSION.startswith("5.")
            again = describe(beside_config(folder, model_type), texts, ids, PreTrainedTokenizerFast if fast else AutoTokenizer)
            same = {k: v for k, v in again.items() if k != "class"} == {k: v for k, v in result[name].items() if k != "class"}
            assert same, (name, model_type, again["class"])
    merge("made.json", {"made": result})


def trained():
    folders = sorted(p for p in (HERE / "trained").iterdir() if p.is_dir())
    if VERSION.startswith("4."):
        folders = [f for f in folders if not f.name.endswith("-v5")]  # TokenizersBackend is new in 5
    merge("trained.json", {"trained": {f.name: describe(f, TEXTS) for f in folders}})


def templates():
    cases = []
    for path in sorted((HERE / "templates").glob("*.jinja")):
        tokenizer = AutoTokenizer.from_pretrained(HERE / "trained" / "bytes-bpe")
        tokenizer.chat_template = path.read_text()
        for conversation, messages in CONVERSATIONS.items():
            for options in OPTIONS:
                entry = {"template": path.stem, "conversation": conversation, "options": options}
                kwargs = dict(
                    tools=options.get("tools"),
                    add_generation_prompt=options.get("addGenerationPrompt", False),
                    **options.get("templateKwargs", {}),
                )
                try:
                    entry["text"] = tokenizer.apply_chat_template(messages, tokenize=False, **kwargs)
                    if path.stem == "marked":
                        both = tokenizer.apply_chat_template(
                            messages, tokenize=True, return_dict=True, return_assistant_tokens_mask=True, **kwargs
                        )
                        entry["ids"] = both["input_ids"]
                        entry["assistantMask"] = both["assistant_masks"]
                except Exception as error:
                    entry["error"] = f"{type(error).__name__}: {error}"
                cases.append(entry)
    merge("templates.json", {"conversations": CONVERSATIONS, "cases": cases})


def prompts():
    """Prompts and completions as TRL renders them, and messages left open at their end."""
    import trl
    from trl.data_utils import apply_chat_template

    cases = []
    for path in sorted((HERE / "templates").glob("*.jinja")):
        tokenizer = AutoTokenizer.from_pretrained(HERE / "trained" / "bytes-bpe")
        tokenizer.chat_template = path.read_text()
        for conversation, messages in CONVERSATIONS.items():
            if path.stem == "alternating" and conversation in ["tool calls", "two answers in a row"]:
                continue
            for cut in range(1, len(messages)):
                if messages[cut - 1]["role"] == "system":
                    continue  # TRL has no rule for it
                example = {"prompt": messages[:cut], "completion": messages[cut:]}
                both = apply_chat_template(example, tokenizer)
                alone = apply_chat_template({"prompt": messages[:cut]}, tokenizer)["prompt"]
                cases.append({"template": path.stem, "conversation": conversation, "cut": cut, "alone": alone, **both})
    merge("prompts.json", {"trl": trl.__version__, "cases": cases})


CORPUS = [
    "The cat sat on the mat, and the dog sat by the door.",
    "She sells 16 - 3 - 4 = 9 eggs a day; 9 * 2 = 18 dollars.",
    "don't can't we'll they've I'm you're he'd",
    "What is the answer to this question? The answer is 42.",
    "naïve café façade Straße Ελληνικά 日本語 テキスト",
    "One two three four five six seven eight nine ten.",
    "Training a model by reward needs a prompt, a completion and a number.",
    "    indented code:\n\treturn x + 1\n\n",
] * 4


def train():
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    out = HERE / "trained"
    words = r"(?i:'[stmd]|'ll|'ve|'re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    special = ["<|begin|>", "<|pad|>", "<|eos|>", "<|im_start|>", "<|im_end|>", "<|header|>", "<|/header|>", "<|turn_end|>"]

    byte = Tokenizer(models.BPE())
    byte.normalizer = normalizers.NFC()
    byte.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(words), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    byte.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    byte.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=420, initial_alphabet=alphabet, special_tokens=special))
    byte.post_processor = processors.TemplateProcessing(single="<|begin|> $A", special_tokens=[("<|begin|>", 0)])
    save(byte, out / "bytes-bpe", bos_token="<|begin|>", eos_token="<|im_end|>", pad_token="<|pad|>")

    piece = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    piece.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first", split=False)
    piece.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    fallback = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    piece.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=480, special_tokens=fallback, max_token_length=12))
    # Only the first three are special; the byte tokens belong to the model.
    raw = json.loads(piece.to_str())
    raw["added_tokens"] = raw["added_tokens"][:3]
    piece = Tokenizer.from_str(json.dumps(raw))
    piece.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    save(piece, out / "pieces-bpe", bos_token="<s>", eos_token="</s>", unk_token="<unk>")


def save(tokenizer, folder, **roles):
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **roles)
    fast.save_pretrained(folder)


if __name__ == "__main__":
    if sys.argv[1] == "train":
        train()
    elif sys.argv[1] == "resave":
        AutoTokenizer.from_pretrained(HERE / "trained" / "bytes-bpe").save_pretrained(HERE / "trained" / "bytes-bpe-v5")
    else:
        made(sys.argv[2])
        trained()
        templates()
        if VERSION.startswith("5."):
            prompts()
