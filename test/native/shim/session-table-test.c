#include "shim/box/session-table.h"

#include <errno.h>

#include "../guest/check.h"
#include "protocol/protocol.h"

int main(void) {
    struct session_table table = {0};
    struct session *first = session_open(&table, 1, 2);
    check("the first number is the first that is free", first->guest == BL_SESSION_FIRST_EXEC);
    uint32_t a = first->guest, b = session_open(&table, 2, 2)->guest, c = session_open(&table, 1, 3)->guest;
    check("numbers go up", b == a + 1 && c == b + 1);
    check("found by the guest's number", session_of_guest(&table, b)->client == 2);
    check("found by the client's number", session_of_client(&table, 1, 3)->guest == c);
    check("a client does not find another's", session_of_client(&table, 2, 3) == NULL);
    session_close(&table, session_of_guest(&table, a));
    check("one that is closed is not found", session_of_guest(&table, a) == NULL);
    check("the others are", session_of_guest(&table, b) && session_of_guest(&table, c));
    check("a number is not used again", session_open(&table, 1, 2)->guest == c + 1);
    while (session_any(&table, 1))
        session_close(&table, session_any(&table, 1));
    check("all of one client are gone", table.count == 1 && session_any(&table, 2));

    for (uint32_t i = 1; i < BL_LIMIT_MAX_SESSIONS; i++)
        check("up to the limit they open", session_open(&table, 3, i + 1) != NULL);
    check("not beyond it", session_open(&table, 3, 5000) == NULL && errno == EMFILE);
    session_table_free(&table);
    table.last_guest = UINT32_MAX;
    check("nor when the numbers are used up", session_open(&table, 1, 2) == NULL && errno == EOVERFLOW);
    session_table_free(&table);
    return 0;
}
