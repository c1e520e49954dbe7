"""Models of words in integers: embedding, softmax, and the probability of a text."""

from bench.mcu.text.perplexity import losses, mean_loss
from bench.mcu.text.quantise import NO_FLOATS, quantise_text, quantise_words

__all__ = ["NO_FLOATS", "losses", "mean_loss", "quantise_text", "quantise_words"]
