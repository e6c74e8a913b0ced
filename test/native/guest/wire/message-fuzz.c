/* Decodes any bytes as frames and as each message. */
#include <string.h>

#include "guest/session/health.h"
#include "guest/wire/inbox.h"
#include "guest/wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct bootstrap bootstrap;
    static struct exec_request exec;
    static struct inbox inbox;
    struct message message;
    struct err err;
    bootstrap_decode(data, size, &bootstrap, &err);
    bootstrap_free(&bootstrap);
    bool add;
    struct net_address address;
    net_address_decode(data, size, &add, &address, &err);
    exec_request_decode(data, size, &exec, &err);
    exec_request_free(&exec);
    static struct health health;
    memset(&health, 0, sizeof health);
    health_configure(&health, data, size, &err);
    exec_request_free(&health.command);

    inbox_begin(&inbox);
    if (queue_push(&inbox.bytes, data, size) == 0)
        while (inbox_next(&inbox, &message, &err) != 0)
            ;
    for (size_t i = 0; i < MAX_PARTIALS; i++)
        queue_free(&inbox.partials[i].bytes);
    queue_free(&inbox.bytes);
    return 0;
}
