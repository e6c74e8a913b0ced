#include "pending.h"

#include <stdlib.h>
#include <string.h>

struct dns_pending *dns_pending_add(struct dns_pending_table *table, const struct dns_client *client,
                                    const struct dns_query *query) {
    size_t index = DNS_MAX_PENDING, of_key = 0;
    for (size_t i = 0; i < table->end; i++) {
        if (table->all[i])
            of_key += table->all[i]->client.key == client->key;
        else if (index == DNS_MAX_PENDING)
            index = i;
    }
    if (index == DNS_MAX_PENDING)
        index = table->end;
    if (index == DNS_MAX_PENDING || of_key >= DNS_MAX_PENDING_OF_KEY)
        return NULL;
    struct dns_pending *pending = calloc(1, sizeof *pending);
    if (!pending)
        return NULL;
    *pending = (struct dns_pending){
        .client = *client, .query = *query, .exchange = DNS_NO_EXCHANGE, .index = index, .server = -1};
    table->all[index] = pending;
    if (index == table->end)
        table->end++;
    return pending;
}

bool dns_pending_may_use_tcp(const struct dns_pending_table *table, uint32_t key) {
    size_t all = 0, of_key = 0;
    for (size_t i = 0; i < table->end; i++) {
        const struct dns_pending *pending = table->all[i];
        if (!pending || !pending->exchange.tcp)
            continue;
        all++;
        of_key += pending->client.key == key;
    }
    return all < DNS_MAX_TCP && of_key < DNS_MAX_TCP_OF_KEY;
}

void dns_pending_keep_truncated(struct dns_pending *pending, const uint8_t *reply, size_t size) {
    free(pending->truncated);
    pending->truncated = malloc(size);
    if (pending->truncated)
        memcpy(pending->truncated, reply, size);
    pending->truncated_size = size;
}

void dns_pending_take(struct dns_pending_table *table, struct dns_pending *pending) {
    table->all[pending->index] = NULL;
    while (table->end && !table->all[table->end - 1])
        table->end--;
}

void dns_pending_free(struct dns_pending *pending) {
    dns_exchange_close(&pending->exchange);
    free(pending->truncated);
    free(pending);
}
