"""The costs of the generated kernels, fitted to simulated cycles. Needs the simulators; predictions do not."""
