"""One file per data set; each holds a ``RECIPE``. Files are found by looking (``bench.data.catalogue``)."""
