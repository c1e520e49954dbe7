"""Processors: each file describes one, as ``TARGET``; adding a file adds a processor.

Its costs are then fitted by ``python -m bench.mcu.calibration NAME``, and a file in ``configs/boards`` may name it.
"""
