"""A small CLIP tokenizer, learnt from the words of the captions."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from tokenizers import pre_tokenizers
from transformers import CLIPTokenizer

from models.training.captions import vocabulary

MAX_TOKENS = 32
_START, _END = "<|startoftext|>", "<|endoftext|>"


def build_tokenizer() -> CLIPTokenizer:
    """A CLIPTokenizer in which every caption word is one token and any other text is bytes.

    Byte-pair encoding over the 256 byte symbols and their word endings, so that every prompt can
    be tokenized; at most 32 tokens with start and end. The same words give the same tokenizer.
    """
    vocab, merges = _learn_vocabulary()
    return CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=MAX_TOKENS)


def _learn_vocabulary() -> tuple[dict[str, int], list[tuple[str, str]]]:
    merges = _learn_merges([[*word[:-1], f"{word[-1]}</w>"] for word in vocabulary()])
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    symbols = [*alphabet, *(f"{symbol}</w>" for symbol in alphabet)]
    symbols += [left + right for left, right in merges]
    vocab = {symbol: number for number, symbol in enumerate(dict.fromkeys(symbols))}
    return {**vocab, _START: len(vocab), _END: len(vocab) + 1}, merges


def _learn_merges(words: list[list[str]]) -> list[tuple[str, str]]:
    # the learner of the tokenizers package breaks ties at random, so the numbers would change
    merges: list[tuple[str, str]] = []
    while any(len(word) > 1 for word in words):
        counts = Counter(pair for word in words for pair in pairwise(word))
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        merges.append(best)
        words = [_merge(word, best) for word in words]
    return merges


def _merge(word: list[str], pair: tuple[str, str]) -> list[str]:
    merged: list[str] = []
    for symbol in word:
        if merged and (merged[-1], symbol) == pair:
            merged[-1] += symbol
        else:
            merged.append(symbol)
    return merged
