// The products of tiles.h.
#include "tiles.h"

// dst[r][c] (+)= sum over terms and k of a[r][k] b[k][c].
template <int R, int C>
static void multiply(float* dst, N ld, bool add, const Term* terms, int count) {
    V sum[R][C];
    for (int r = 0; r < R; ++r)
        for (int c = 0; c < C; ++c) sum[r][c] = add ? load(dst + r * ld + c * LANES) : V{};
    for (int t = 0; t < count; ++t) {
        const float *a = terms[t].a, *b = terms[t].b;
        const N row = terms[t].row;
        for (N k = 0, K = terms[t].K; k < K; ++k, ++a, b += C * LANES) {
            V column[C];
            for (int c = 0; c < C; ++c) column[c] = load(b + c * LANES);
            for (int r = 0; r < R; ++r) {
                V each = splat(a[r * row]);
                for (int c = 0; c < C; ++c) sum[r][c] += each * column[c];
            }
        }
    }
    for (int r = 0; r < R; ++r)
        for (int c = 0; c < C; ++c) store(dst + r * ld + c * LANES, sum[r][c]);
}

// dst[i][c] += sum over steps s and rows r of a[s][r * row + i] b[s * step + r * ld + c]: a gradient of a matrix.
template <int R, int C>
static void correlate(float* dst, N ld, N steps, N rows, const float* const* a, N row, N i, const float* b, N step) {
    V sum[R][C] = {};
    for (N s = 0; s < steps; ++s) {
        const float *left = a[s] + i, *right = b + s * step;
        for (N r = 0; r < rows; ++r, left += row, right += ld) {
            V column[C];
            for (int c = 0; c < C; ++c) column[c] = load(right + c * LANES);
            for (int n = 0; n < R; ++n) {
                V each = splat(left[n]);
                for (int c = 0; c < C; ++c) sum[n][c] += each * column[c];
            }
        }
    }
    for (int n = 0; n < R; ++n)
        for (int c = 0; c < C; ++c) store(dst + n * ld + c * LANES, load(dst + n * ld + c * LANES) + sum[n][c]);
}

template <int C>
static Multiply multiply_of(N rows) {
    static const Multiply all[] = {multiply<1, C>, multiply<2, C>, multiply<3, C>,
                                   multiply<4, C>, multiply<5, C>, multiply<6, C>};
    return all[rows - 1];
}
template <int C>
static Correlate correlate_of(N rows) {
    static const Correlate all[] = {correlate<1, C>, correlate<2, C>, correlate<3, C>,
                                    correlate<4, C>, correlate<5, C>, correlate<6, C>};
    return all[rows - 1];
}
static_assert(ROWS == 6, "the tables above");

Multiply multiply_for(N rows, int count) {
    if (count == 1) return multiply_of<1>(rows);
    if (count == 2) return multiply_of<2>(rows);
#if LANES == 16
    if (count == 3) return multiply_of<3>(rows);
#endif
    return multiply_of<COLS>(rows);
}
Correlate correlate_for(N rows, int count) {
    if (count == 1) return correlate_of<1>(rows);
    if (count == 2) return correlate_of<2>(rows);
#if LANES == 16
    if (count == 3) return correlate_of<3>(rows);
#endif
    return correlate_of<COLS>(rows);
}
