#include "net/nat/spare-memory.h"

#include "frames.h"

static struct spare_memory memory;
static int timeout_ms;

static bool poll_at(uint64_t now_ms, bool has_connections) {
    timeout_ms = -1;
    return spare_memory_poll(&memory, has_connections, now_ms, &timeout_ms);
}

int main(void) {
    spare_memory_keep();
    check("without connections there is none", !poll_at(1000, false) && timeout_ms == -1);
    check("with connections it is kept", !poll_at(2000, true) && timeout_ms == -1);
    check("it is kept a second behind the last", !poll_at(3000, false) && timeout_ms == 1000);
    check("which is not put off by other work", !poll_at(3400, false) && timeout_ms == 600);
    timeout_ms = 50;
    check("an earlier time-out stays", !spare_memory_poll(&memory, false, 3500, &timeout_ms) && timeout_ms == 50);
    check("but by another connection", !poll_at(3900, true) && !poll_at(4500, false) && timeout_ms == 1000);
    check("it is given back", poll_at(5500, false) && timeout_ms == -1);
    check("once", !poll_at(9000, false) && timeout_ms == -1);
    return 0;
}
