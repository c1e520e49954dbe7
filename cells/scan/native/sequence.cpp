// Recurrent cells over whole sequences, forward and backward: products and gates of a few rows at a time, while they
// are in the nearest cache. Rows of a batch do not depend on one another, so a thread takes its rows through all of
// time and waits for nobody.
//
// Compiled once for each formula: own.h is what emit.py wrote of it.
#include "own.h"

#include "backward.h"
#include "forward.h"

extern "C" {

// Floats that a step of one sequence keeps for backward.
N rnnbench_kept(N H) { return Own::kept * padded(H); }

N rnnbench_lanes() { return LANES; }

// So many rounds of multiply-adds that wait for no memory and hardly for each other; returns how many operations those
// were. Nothing on this processor is faster in its vectors.
N rnnbench_multiply_adds(N rounds, float* sum) {
    V sums[10];
    for (int n = 0; n < 10; ++n) sums[n] = splat((float)n);
    const V half = splat(0.5f), little = splat(1e-9f);
    for (N k = 0; k < rounds; ++k)
        for (int n = 0; n < 10; ++n) sums[n] = sums[n] * half + little;
    V all{};
    for (V part : sums) all += part;
    *sum = all[0];
    return rounds * 10 * LANES * 2;
}

void rnnbench_forward(const Call* call) {
    for (N m = 0; m < call->models; ++m) forward<Own>(*call, m);
}

void rnnbench_backward(const Call* call) {
    for (N m = 0; m < call->models; ++m) backward<Own>(*call, m);
}
}
