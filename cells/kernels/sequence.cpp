// Recurrent cells over whole sequences, forward and backward: products and gates of a few rows at a time, while they
// are in the nearest cache. Rows of a batch do not depend on one another, so a thread takes its rows through all of
// time and waits for nobody.
//
// Compiled once for each cell: CELL is its name in gates.h.
#include "backward.h"
#include "forward.h"

extern "C" {

// Floats that a step of one sequence keeps for backward.
N rnnbench_kept(N H) { return CELL::kept * padded(H); }

N rnnbench_lanes() { return LANES; }

void rnnbench_forward(const Call* call) {
    for (N m = 0; m < call->models; ++m) forward<CELL>(of_model<CELL>(*call, m));
}

void rnnbench_backward(const Call* call) {
    for (N m = 0; m < call->models; ++m) backward<CELL>(of_model<CELL>(*call, m));
}
}
