"""One file per data set, with a ``RECIPE``; ``bench.data.catalogue`` finds them by listing this folder."""
