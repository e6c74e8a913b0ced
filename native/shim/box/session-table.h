/* Which client a session of the guest belongs to. Each client numbers its sessions from 2; the guest sees
 * numbers that are unique in the box. The table holds neither control (0) nor main (1). */
#ifndef BOXLITE_SHIM_BOX_SESSION_TABLE_H
#define BOXLITE_SHIM_BOX_SESSION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct session {
    uint32_t guest;  /* the number the guest knows */
    uint32_t number; /* the number the client knows */
    uint32_t client; /* a client's id */
    bool requested;  /* EXEC has passed to its last frame */
    bool started;
    bool detached; /* outlives its client, whose id is then 0 here */
};

struct session_table {
    struct session *sessions; /* in order of `guest` */
    size_t count, size;
    uint32_t last_guest;
};

/* NULL with errno: EMFILE above the wire's limit, ENOMEM, EOVERFLOW when all numbers are used up. */
struct session *session_open(struct session_table *table, uint32_t client, uint32_t number);
struct session *session_of_guest(struct session_table *table, uint32_t guest);
struct session *session_of_client(struct session_table *table, uint32_t client, uint32_t number);
/* Any session of that client, or NULL when none is left. */
struct session *session_any(struct session_table *table, uint32_t client);
/* Removes it, which invalidates pointers to other sessions. */
void session_close(struct session_table *table, struct session *session);
void session_table_free(struct session_table *table);

#endif
