"""Speed comparisons on the user's machine: cells, the training loop, packed runs, language models, a small grid."""
