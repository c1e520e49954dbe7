// What a type ``Own`` says of a cell; see emit.py.
#pragma once
#include <type_traits>

template <int n>
using Stage = std::integral_constant<int, n>;

// What products multiply: the sample of `number` steps ago, state `number`, or kept value `number`.
enum { SAMPLE, STATE, KEPT };
struct Source {
    int kind, number;
};
// H rows of a matrix from row `gate` H on, from column `column` on; matrix -1 for none.
struct Gate {
    int matrix, gate, column;
};
// Numbers of a sample that are added as they are: from `part` H on, of `lag` steps ago; part -1 for none.
struct Copied {
    int part, lag;
};
// A row of P: H numbers of a constant, or its one number for part -1.
struct Vector {
    int constant, part;
};
// A vector that the step computes and multiplies: where it is kept, and the stage that computes it.
struct Multiplied {
    int slot, stage;
};
