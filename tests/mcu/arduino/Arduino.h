// As much of Arduino as the examples of an export use, on a simulated Cortex-M: the serial port is the simulator's, and the samples
// that arrive over it are in flash.
#include <stddef.h>
#include <stdint.h>

extern const uint8_t arduino_arrives[];
extern const uint32_t arduino_count;

struct Port {
    void begin(unsigned long) {}
    explicit operator bool() const { return true; }
    size_t readBytes(char *to, size_t size)
    {
        static uint32_t at;
        if (at == arduino_count) *(volatile uint32_t *)0xF0000008 = 1; // the end
        for (size_t n = 0; n < size; n++) to[n] = (char)arduino_arrives[at++];
        return size;
    }
    void print(char c) { *(volatile uint32_t *)0xF0000004 = (uint8_t)c; }
    void print(const char *text)
    {
        while (*text) print(*text++);
    }
    void print(unsigned char number)
    {
        if (number > 9) print((unsigned char)(number / 10));
        print((char)('0' + number % 10));
    }
    void println(const char *text = "")
    {
        print(text);
        print('\n');
    }
};
static Port Serial;

void setup();
void loop();
