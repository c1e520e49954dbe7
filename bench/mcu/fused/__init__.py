"""Runs of element-wise kernels as one loop over units, whose values between them stay in registers."""
