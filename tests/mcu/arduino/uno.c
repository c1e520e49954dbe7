/* An Uno in simavr, its serial port on the other side: a sample from a file goes out after every line that comes back. */
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>
#include <stdio.h>
#include <stdlib.h>

static int size, waiting, done;
static uint8_t sample[256];
static FILE *samples;
static avr_irq_t *input;

static void came(struct avr_irq_t *irq, uint32_t value, void *unused)
{
    (void)irq, (void)unused;
    if (value != '\r') putchar((int)value);
    if (value != '\n') return;
    waiting = (int)fread(sample, 1, size, samples);
    done = !waiting;
}

/* Called again and again while there is room. */
static void room(struct avr_irq_t *irq, uint32_t value, void *unused)
{
    (void)irq, (void)value, (void)unused;
    if (waiting) avr_raise_irq(input, sample[size - waiting--]);
}

static void quiet(avr_t *avr, const int level, const char *format, va_list list)
{
    (void)avr, (void)level, (void)format, (void)list;
}

int main(int count, char **arguments)
{
    elf_firmware_t firmware = {0};
    uint32_t flags = 0;
    int state = cpu_Running;
    avr_t *avr;
    avr_global_logger_set(quiet);
    avr = avr_make_mcu_by_name("atmega328p");
    if (count != 4 || elf_read_firmware(arguments[1], &firmware)) return 2;
    samples = fopen(arguments[2], "rb");
    size = atoi(arguments[3]);
    avr_init(avr);
    avr->frequency = 16000000;
    avr_load_firmware(avr, &firmware);
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    input = avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), came, NULL);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XON), room, NULL);
    while (!done && state != cpu_Done && state != cpu_Crashed) state = avr_run(avr);
    return done ? 0 : 4;
}
