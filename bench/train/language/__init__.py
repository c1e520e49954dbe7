"""Language modelling: embedding, recurrent layers and softmax, with AWD regularisation."""

from bench.train.language.task import LanguageModelling

TASK = LanguageModelling()
