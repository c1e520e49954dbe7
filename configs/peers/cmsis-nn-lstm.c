/* Calls CMSIS-NN's LSTM in 8 bits for some steps, one at a time, with random weights, and marks each step. */
#include <stdint.h>

#include "arm_nnfunctions.h"
#include "mark.h"

#define STEPS 5

static int8_t input_weights[4][UNITS * FEATURES], hidden_weights[4][UNITS * UNITS];
static int32_t input_bias[4][UNITS], hidden_bias[4][UNITS];
static int16_t gates[2][UNITS], cell[UNITS];
static int8_t hidden[UNITS], samples[FEATURES], output[UNITS];
static uint32_t state = 1;

static int8_t draw(void)
{
    state = state * 1664525u + 1013904223u; /* Numerical Recipes, section 7.1 */
    return (int8_t)(state >> 24);
}

static void fill(int8_t *values, int count)
{
    for (int at = 0; at < count; at++) values[at] = draw();
}

/* Sums of products of two int8, times 2^-6 and 2^-7, are gates with 12 fractional bits that do not all saturate. */
static cmsis_nn_lstm_gate gate(int at, arm_nn_activation_type activation)
{
    fill(input_weights[at], UNITS * FEATURES);
    fill(hidden_weights[at], UNITS * UNITS);
    for (int unit = 0; unit < UNITS; unit++) input_bias[at][unit] = draw();
    return (cmsis_nn_lstm_gate){.input_multiplier = 1 << 30,
                                .input_shift = -5,
                                .input_weights = input_weights[at],
                                .input_effective_bias = input_bias[at],
                                .hidden_multiplier = 1 << 30,
                                .hidden_shift = -6,
                                .hidden_weights = hidden_weights[at],
                                .hidden_effective_bias = hidden_bias[at],
                                .activation_type = activation};
}

int main(void)
{
    cmsis_nn_lstm_params params = {.time_major = 1,
                                   .batch_size = 1,
                                   .time_steps = 1,
                                   .input_size = FEATURES,
                                   .hidden_size = UNITS,
                                   .forget_to_cell_multiplier = 1 << 30,
                                   .forget_to_cell_shift = -14,
                                   .input_to_cell_multiplier = 1 << 30,
                                   .input_to_cell_shift = -14,
                                   .cell_clip = 32767,
                                   .cell_scale_power = -12,
                                   .output_multiplier = 1 << 30,
                                   .output_shift = -22,
                                   .forget_gate = gate(0, ARM_SIGMOID),
                                   .input_gate = gate(1, ARM_SIGMOID),
                                   .cell_gate = gate(2, ARM_TANH),
                                   .output_gate = gate(3, ARM_SIGMOID)};
    cmsis_nn_lstm_context buffers = {.temp1 = gates[0], .temp2 = gates[1], .cell_state = cell, .hidden_state = hidden};
    MARK_NOTHING();
    for (int step = 0; step < STEPS; step++) {
        fill(samples, FEATURES);
        MARK(1);
        arm_lstm_unidirectional_s8(samples, output, &params, &buffers);
        MARK(0);
    }
    END();
    for (;;) {}
}
