"""Language models in integers: embedding, softmax, and the probability of a text."""

from bench.mcu.text.perplexity import losses, mean_loss
from bench.mcu.text.quantise import quantise_text

__all__ = ["losses", "mean_loss", "quantise_text"]
