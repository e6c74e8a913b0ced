#include "session-table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../protocol/protocol.h"

struct session *session_open(struct session_table *table, uint32_t client, uint32_t number) {
    if (table->count >= BL_LIMIT_MAX_SESSIONS) {
        errno = EMFILE;
        return NULL;
    }
    if (table->last_guest == UINT32_MAX) {
        errno = EOVERFLOW;
        return NULL;
    }
    if (table->count == table->size) {
        size_t size = table->size ? table->size * 2 : 16;
        struct session *sessions = reallocarray(table->sessions, size, sizeof *sessions);
        if (!sessions)
            return NULL;
        table->sessions = sessions;
        table->size = size;
    }
    if (table->last_guest < BL_SESSION_FIRST_EXEC)
        table->last_guest = BL_SESSION_FIRST_EXEC - 1;
    struct session *session = &table->sessions[table->count++];
    *session = (struct session){.guest = ++table->last_guest, .number = number, .client = client};
    return session;
}

struct session *session_of_guest(struct session_table *table, uint32_t guest) {
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table->sessions[middle].guest < guest)
            low = middle + 1;
        else
            high = middle;
    }
    return low < table->count && table->sessions[low].guest == guest ? &table->sessions[low] : NULL;
}

struct session *session_of_client(struct session_table *table, uint32_t client, uint32_t number) {
    /* From the newest: that is the one most frames are for. */
    for (size_t i = table->count; i-- > 0;)
        if (table->sessions[i].client == client && table->sessions[i].number == number)
            return &table->sessions[i];
    return NULL;
}

struct session *session_any(struct session_table *table, uint32_t client) {
    for (size_t i = table->count; i-- > 0;)
        if (table->sessions[i].client == client)
            return &table->sessions[i];
    return NULL;
}

void session_close(struct session_table *table, struct session *session) {
    size_t at = (size_t)(session - table->sessions);
    memmove(session, session + 1, (table->count - at - 1) * sizeof *session);
    table->count--;
}

void session_table_free(struct session_table *table) {
    free(table->sessions);
    *table = (struct session_table){0};
}
