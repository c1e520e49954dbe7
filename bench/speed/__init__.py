"""Speed, measured on the user's own machine: cells, the training loop, runs together, language models, a small grid."""
