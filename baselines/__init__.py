"""The cells that FastGRNN is compared with, under the same contract. Knows ``cells`` and torch."""
